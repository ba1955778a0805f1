"""Find out which section each student is in, from a table of the course."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.classroom.finding.roster import Entry
from autograder.classroom.finding.spreadsheet import read_spreadsheet
from autograder.errors import KitError

SECTION = ("section", "sections", "group", "groups")
# What columns name a student by, as Canvas, Moodle and Gradescope call them, and plain lists.
IDS = ("submission", "sid", "student id", "id", "id number", "sis user id", "sis login id", "email",
       "email address")  # fmt: skip
NAMES = ("student", "name", "full name")
FIRST, LAST = "first name", "last name"
REMEDY = "give a CSV with a header: a column `section`, and one of `email`, `sid`, `name`"
Key = frozenset[str]


def read_sections(path: Path) -> Mapping[Key, str]:
    """Return the section of each name that a student goes by there. Raises KitError.

    What two students of different sections are called is nobody's name.
    """
    lines = read_spreadsheet(path, f"--sections {path}", REMEDY).lines
    heads = [head.strip().casefold() for head in lines[0]] if lines else []
    column = next((heads.index(name) for name in SECTION if name in heads), None)
    if column is None or not {*IDS, *NAMES, FIRST} & set(heads):
        missing = "section" if column is None else "student"
        raise KitError(f"--sections {path}", f"it has no column for the {missing}", REMEDY)
    found: dict[Key, str] = {}
    for line in lines[1:]:
        cells = dict(zip(heads, (cell.strip().removeprefix("'") for cell in line)))
        section = cells.get(heads[column], "")
        for key in _keys(cells) if section else ():
            found[key] = section if found.get(key, section) == section else ""
    return found


def _keys(cells: Mapping[str, str]) -> Iterator[Key]:
    for head in IDS:
        if cells.get(head):
            yield _key(cells[head])
    whole = (cells.get(head, "") for head in NAMES)
    parts = f"{cells.get(FIRST, '')} {cells.get(LAST, '')}"
    yield from (_key(name) for name in (*whole, parts) if name.strip())


def _key(name: str) -> Key:
    """Return a name's words in no order: lists have "Doe, Jane" for Jane Doe."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return frozenset(plain.replace(",", " ").split())


def section_of(entry: Entry, sections: Mapping[Key, str]) -> str:
    """Return the section of a submission's author; of a group, that of all; "" if it is not known."""
    people: Sequence[Iterable[str]] = [
        (entry.email.split(",")), (entry.sid.split(",")), (entry.submission, entry.who),
        (entry.student,),
    ]  # fmt: skip
    for names in people:
        known = {sections.get(_key(name), "") for name in names} - {""}
        if known:
            return known.pop() if len(known) == 1 else ""
    return ""
