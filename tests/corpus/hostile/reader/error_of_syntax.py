"""Raise a SyntaxError about its own file whose text and line hold control characters.

base: skeleton
earns: 0
wins: a control character arrives in the report
"""
ESCAPE = "\x1b[2J\x1b]0;a title\x07\u202e\r"

raise SyntaxError(f"invalid {ESCAPE}", (__file__, 1, 1, f"patchify {ESCAPE} passed\n"))
