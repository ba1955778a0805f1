"""Prepare a class's sources for programs that look for copies, and list pairs worth a look."""

from __future__ import annotations

import importlib
import io
import shutil
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import NOTEBOOK
from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report.handouts import SOURCES
from autograder.classroom.report.table import as_csv
from autograder.errors import KitError
from autograder.submission import notebook
from checks.code import cells

OF_NOTEBOOK = "notebook.py"
BASE = "base"  # the skeleton, which all have in common
MOST_BYTES = 200_000  # of a file that is compared
LEAST = 0.4  # of one of two files that must be in the other, for the pair to be listed
NOISE, SURE = 12, 20  # tokens: shorter copies are nobody's, longer ones are always found
INSTALL = "run `python -m pip install -c constraints.txt -e '.[similarity]'`"
ENDS = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT)


@dataclass(frozen=True)
class Pair:
    """Two submissions, and the part of each that is in the other, without the skeleton's lines."""

    first: str
    second: str
    of_first: float
    of_second: float
    tokens: int


def normalised(text: str) -> str:
    """Return a source without comments, docstrings and blank lines, evenly spaced and indented.

    It is cut into tokens, never parsed or run. What cannot be cut stays as it is.
    """
    try:
        return "".join(_lines(text))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):
        lines = (line.partition("#")[0].rstrip() for line in text.splitlines())
        return "".join(f"{line}\n" for line in lines if line)


def _lines(text: str) -> Iterator[str]:
    depth, words = 0, list[tokenize.TokenInfo]()
    opened = None  # the depth of a line that a body must follow
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        statement = any(word.type != tokenize.STRING for word in words)  # else a docstring
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            ends = token.type == tokenize.ENDMARKER
            if opened is not None and (ends or (statement and depth <= opened)):
                yield "    " * (opened + 1) + "pass\n"  # its docstring was all of it
                opened = None
            if statement:
                yield "    " * depth + " ".join(word.string for word in words) + "\n"
                opened = depth if words[-1].string == ":" else None
            words = []
        elif token.type not in (*ENDS, tokenize.ENDMARKER):
            words.append(token)


def write_sources(out: Path, rows: Sequence[Row], assignment: Assignment, into: Path) -> list[Path]:
    """Write normalised sources, a folder a submission, and the skeleton's in `base`; return them."""
    written = []
    shutil.rmtree(into / SOURCES, ignore_errors=True)  # of those who were there at an earlier time
    for name, text in _given(assignment):
        _write(normalised(text), into / BASE / name)
    for row in rows:
        if row.counts and row.status is not Status.MISSING:
            written += list(_write_one(out / SOURCES / row.folder, into / SOURCES / row.folder))
    return written


def _given(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield what all were given, by name: the skeleton's files, and the notebook's cells as one."""
    for name in assignment.settings.files:
        yield name, (assignment.student / name).read_text(encoding="utf-8")
    path = assignment.student / NOTEBOOK
    if path.exists():
        yield OF_NOTEBOOK, notebook.source_of(path.read_bytes(), path.name)[0]


def _write_one(folder: Path, into: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*")):
        content = path.read_bytes()
        if len(content) <= MOST_BYTES:
            name = path.name if path.name != cells.FILE else OF_NOTEBOOK
            _write(normalised(content.decode("utf-8", "replace")), into / name)
            yield into / name


def _write(text: str, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise KitError(str(place), f"cannot be written: {error.strerror}", "make room") from None


def pairs(files: Sequence[Path], base: Path, rows: Sequence[Row]) -> list[Pair]:
    """Return pairs of submissions with much in common, those with most first. No verdicts.

    Raises KitError if the package that compares is not there.
    """
    copydetect = _package()
    prints = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that are empty without the skeleton
        known = _hashes(copydetect, base)
        for path in files:
            prints.append(copydetect.CodeFingerprint(str(path), NOISE, SURE - NOISE + 1, known))
    names = {row.folder: row.submission for row in rows}
    found: dict[tuple[str, str], Pair] = {}
    for one, other in combinations(prints, 2):
        if not _comparable(Path(one.filename), Path(other.filename)):
            continue
        tokens, shares, _ = copydetect.compare_files(one, other)
        first, second = (names[Path(file.filename).parent.name] for file in (one, other))
        pair = Pair(first, second, float(shares[0]), float(shares[1]), int(tokens))
        best = found.get((pair.first, pair.second))
        if max(shares) >= LEAST and (best is None or tokens > best.tokens):
            found[pair.first, pair.second] = pair
    return sorted(found.values(), key=lambda p: (-max(p.of_first, p.of_second), -p.tokens, p.first))


def _comparable(one: Path, other: Path) -> bool:
    """Whether these are files of two submissions, and of one kind; a notebook holds all kinds."""
    alike = one.name == other.name or OF_NOTEBOOK in (one.name, other.name)
    return alike and one.parent != other.parent


def _package() -> Any:
    try:
        return importlib.import_module("copydetect")
    except ImportError:
        raise KitError("--similar", "the package copydetect is not installed", INSTALL) from None


def _hashes(copydetect: Any, base: Path) -> Any:
    """Return the fingerprints of what all were given."""
    paths = sorted(base.glob("*.py"))
    prints = [copydetect.CodeFingerprint(str(path), NOISE, 1).hashes for path in paths]
    return np.unique(np.concatenate([list(hashes) for hashes in prints]))


def as_table(found: Sequence[Pair]) -> bytes:
    """Return pairs.csv."""
    header = ["first", "second", "percent_of_first", "percent_of_second", "tokens_in_common"]
    lines = [
        [p.first, p.second, f"{100 * p.of_first:.0f}", f"{100 * p.of_second:.0f}", str(p.tokens)]
        for p in found
    ]
    return as_csv([header, *lines])
