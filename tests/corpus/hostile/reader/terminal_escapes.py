"""Raise an exception whose message clears the screen, sets the title and hides a link.

base: skeleton
earns: 0
wins: a control character arrives in the report
"""
ESCAPES = "\x1b[2J\x1b[1;1H\x1b]0;a title\x07\x1b]8;;http://example.org\x1b\\a link\x1b]8;;\x1b\\"

raise RuntimeError(f"{ESCAPES}\x9b31mred\x1b[8mhidden\x08\x08\x08\x7f\r100 of 100 points")
