"""Read a table as spreadsheets and platforms save it: with commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import KitError

DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Spreadsheet:
    """The lines of a table, and what stands between the cells.

    ends  the line of the file in which each line of the table ends
    """

    lines: list[list[str]]
    ends: list[int]
    delimiter: str


def read_spreadsheet(path: Path, where: str, remedy: str) -> Spreadsheet:
    """Read a table. Raises KitError, with what the caller calls it and says to do, if it is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        told = [(cells, found.line_num) for cells in found]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise KitError(where, f"cannot be read as a table: {said}", remedy) from None
    return Spreadsheet([cells for cells, _ in told], [end for _, end in told], delimiter)
