"""Make foreign text fit to be shown: short, visible, and without power over what shows it."""

from __future__ import annotations

import re
import unicodedata

MOST = 4000  # characters
MOST_LINES = 60
# Control characters, invisible ones and those that turn the direction of writing, halves of
# surrogate pairs, private ones, code points that are no characters (some of them
# XML cannot hold), separators of lines and paragraphs.
UNSHOWN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
# Where an object lies, as Python shows it: elsewhere in every run, and the same run says the same.
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")


def plain(text: str, most: int = MOST) -> str:
    """Return the text cut to a size, with everything escaped that is not simply to be read."""
    whole, text = len(text), ADDRESS.sub("at 0x...", text[:most])
    text = "".join(map(_shown, text.replace("\r\n", "\n")))
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        text = "\n".join([*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES} more lines"])
    return text + (" ..." if whole > most else "")


def plain_line(text: str, most: int = 200) -> str:
    """Return the text as one line."""
    return plain(text[: most + 1].replace("\n", "\\n"), most)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in UNSHOWN:
        return character
    return character.encode("unicode_escape").decode("ascii")
