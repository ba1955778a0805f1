"""Define names with control characters, and not the one that is asked for.

base: none
earns: 0
wins: a control character arrives in the report
"""


def passed():
    return True


for number in range(20):
    globals()[f"patchify\x1b[2J\x1b[{number}m\u202e\n100 of 100"] = passed
