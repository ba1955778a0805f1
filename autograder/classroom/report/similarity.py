"""Prepare a class's sources for programs that look for copies, and list pairs worth a look."""

from __future__ import annotations

import importlib
import io
import itertools
import shutil
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment.config import Assignment
from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report.concerns import Concern, Why
from autograder.classroom.report.handouts import SOURCES
from autograder.classroom.report.same_files import OF_NOTEBOOK, given_out
from autograder.classroom.report.table import as_csv
from autograder.errors import KitError
from checks.code import cells

BASE = "base"  # the skeleton, which all have in common
MOST_BYTES = 200_000  # of a file that is compared
FEW, MANY = 5, 1 / 3  # what more students than these have, in number and as a share, is nobody's
NEARLY = 0.8  # of one of two files, for the pair to be on the list of what to look at
LEAST_TOKENS = 40  # in common: less is an idiom
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
    identical: bool = False

    @property
    def rank(self) -> tuple[bool, float, int]:
        """What is looked at first has most of it."""
        return self.identical, max(self.of_first, self.of_second), self.tokens


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
    for name, text in given_out(assignment):
        _write(normalised(text), into / BASE / name)
    for row in rows:
        if row.counts and row.status is not Status.MISSING:
            written += list(_write_one(out / SOURCES / row.folder, into / SOURCES / row.folder))
    return written


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
        raise KitError(str(place), f"cannot be written: {error.strerror}",
                       "make room, or name another folder with --into") from None  # fmt: skip


def pairs(files: Sequence[Path], base: Path, rows: Sequence[Row]) -> list[Pair]:
    """Return pairs of submissions with much in common: identical files first. No verdicts.

    What was given out is left out, and so is what much of the class has: nobody can tell where it is
    from. Raises KitError if the package that compares is not there.
    """
    copydetect = _package()
    names = {row.folder: row.submission for row in rows}
    best: dict[tuple[str, str], Pair] = {}
    sets = _identical(files, base)
    for pair in itertools.chain(_copies(sets, names), _near(copydetect, sets, base, names)):
        known = best.get((pair.first, pair.second))
        if known is None or pair.rank > known.rank:
            best[pair.first, pair.second] = pair
    return sorted(best.values(), key=lambda p: (*(-n for n in p.rank), p.first, p.second))


def nearly_the_same(
    out: Path, rows: Sequence[Row], assignment: Assignment, place: Path
) -> Iterator[Concern]:
    """Yield the pairs of a class that should be looked at whatever their marks. Raises KitError."""
    files = write_sources(out, rows, assignment, place)
    for pair in pairs(files, place / BASE, rows):
        most = max(pair.of_first, pair.of_second)
        if most >= NEARLY:
            said = (
                "the same but for comments and spaces"
                if pair.identical
                else f"{most:.0%} of one is in the other ({pair.tokens} tokens)"
            )
            yield Concern(Why.ALIKE, (pair.first, pair.second), said)


def _identical(files: Sequence[Path], base: Path) -> list[list[Path]]:
    """Return the files in sets of those that are the same; what was given out is in none."""
    given = {"", *(path.read_text(encoding="utf-8") for path in base.glob("*.py"))}
    sets: dict[tuple[str, str], list[Path]] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        if text not in given:
            sets.setdefault((path.name, text), []).append(path)
    return list(sets.values())


def _copies(sets: Iterable[Sequence[Path]], names: Mapping[str, str]) -> Iterator[Pair]:
    """Yield the first of a set with each other: all pairs of 500 would be a hundred thousand lines."""
    for first, *others in sets:
        tokens = len(first.read_text(encoding="utf-8").split())
        for other in others:
            yield Pair(names[first.parent.name], names[other.parent.name], 1.0, 1.0, tokens, True)


def _near(
    copydetect: Any, sets: Sequence[Sequence[Path]], base: Path, names: Mapping[str, str]
) -> Iterator[Pair]:
    """Yield pairs that share much, of each set of identical files one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that are empty without what is left out
        prints = _prints(copydetect, [one[0] for one in sets], base)
    for one, other in itertools.combinations(prints, 2):
        if not _comparable(Path(one.filename), Path(other.filename)):
            continue
        if one.hashes.isdisjoint(other.hashes):  # of nearly all pairs, once the rest is left out
            continue
        tokens, shares, _ = copydetect.compare_files(one, other)
        if max(shares) >= LEAST and tokens >= LEAST_TOKENS:
            first, second = (names[Path(file.filename).parent.name] for file in (one, other))
            yield Pair(first, second, float(shares[0]), float(shares[1]), int(tokens))


def _prints(copydetect: Any, files: Sequence[Path], base: Path) -> list[Any]:
    """Return the fingerprints of files, without what was given out and what many have."""
    known = _hashes(copydetect, sorted(base.glob("*.py")))
    counted: Counter[int] = Counter()
    for path in files:
        counted.update(set(_hashes(copydetect, [path])))
    most = max(FEW, MANY * len({path.parent for path in files}))
    common = [word for word, count in counted.items() if count > most]
    left_out = np.unique(np.concatenate([known, np.array(common, dtype=known.dtype)]))
    window = SURE - NOISE + 1
    return [copydetect.CodeFingerprint(str(path), NOISE, window, left_out) for path in files]


def _comparable(one: Path, other: Path) -> bool:
    """Whether these are files of two submissions, and of one kind; a notebook holds all kinds."""
    alike = one.name == other.name or OF_NOTEBOOK in (one.name, other.name)
    return alike and one.parent != other.parent


def mind_package() -> None:
    """Raise KitError if the package that compares is not there."""
    _package()


def _package() -> Any:
    try:
        return importlib.import_module("copydetect")
    except ImportError:
        raise KitError("--similar", "the package copydetect is not installed", INSTALL) from None


def _hashes(copydetect: Any, paths: Iterable[Path]) -> Any:
    """Return all fingerprints of files, wherever in them a passage begins."""
    prints = [copydetect.CodeFingerprint(str(path), NOISE, 1).hashes for path in paths]
    return np.unique(np.concatenate([np.array([], dtype=int), *map(list, prints)]))


def as_table(found: Sequence[Pair]) -> bytes:
    """Return pairs.csv."""
    header = [
        "first",
        "second",
        "percent_of_first",
        "percent_of_second",
        "tokens_in_common",
        "kind",
    ]
    lines = [
        [
            p.first,
            p.second,
            f"{100 * p.of_first:.0f}",
            f"{100 * p.of_second:.0f}",
            str(p.tokens),
            "identical" if p.identical else "similar",
        ]
        for p in found
    ]
    return as_csv([header, *lines])
