"""Report progress in texts with control characters.

base: solution
earns: 95
wins: a control character arrives on the screen of whoever waits
"""
try:
    from autograder.isolation.worker import progress

    for text in ("\x1b[2J\x1b]0;a title\x07", "\u202e\u2066", "\ud800\x00", "[red]x[/nothing]" * 9):
        progress.report_progress(1, 2, text)
        progress.report_progress(-(1 << 62), 1 << 62, text * 1000)
except BaseException:
    pass
