"""Read what was handed in: choose the files that are graded, and make a notebook's cells one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.assignment.config import Assignment
from autograder.errors import UnusableSubmission
from autograder.submission import naming, notebook, renamed
from autograder.submission.found import Files, HandedIn, handed_in
from autograder.submission.limits import MOST_OF_NOTEBOOK, most_of
from checks.code import cells, contract
from checks.telling.plain import plain_line

HERE = PurePosixPath(".")


@dataclass(frozen=True)
class Parcel:
    """A submission as data, which can travel and be staged elsewhere.

    files    file name -> content, of what is graded and of nothing else
    sources  module name -> file name; a notebook is the file of both modules
    notes    what the author should know about how it was read
    refused  why nothing in it can be graded, for the student; "" where something can
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refused: str = ""


def read(path: Path, assignment: Assignment) -> Parcel:
    """Read the files of grading.yml's list, and no others.

    Raises KitError if there is nothing at the path. What cannot be graded is a parcel that says why.
    """
    wanted = assignment.settings.files
    try:
        with handed_in(path, wanted[0]) as found:
            return _script(found, wanted) if found.script else _chosen(found, wanted)
    except UnusableSubmission as error:
        return Parcel(refused=str(error))


def _chosen(found: HandedIn, wanted: Sequence[str]) -> Parcel:
    """Read the wanted files if they lie together, at the top or in one folder; else a notebook."""
    first, files = wanted[0], naming.composed(found.files)
    notebooks = [name for name in files if name.lower().endswith(".ipynb")]
    home = _home(first, list(files), notebooks, found.what)
    if home is None:
        if len(notebooks) == 1:
            return _notebook(notebooks[0], files, wanted)
        if notebooks:
            raise UnusableSubmission(_too_many(notebooks, found.what))
        home = _home_of_renamed(first, files, found.what)
    paths, notes = _scripts(wanted, home, files)
    scripts = {name: files[path] for name, path in paths.items()}
    beside = [name for name in notebooks if PurePosixPath(name).parent == home]
    if len(beside) == 1:
        told = b"\n".join(read() for read in scripts.values())
        parcel = _notebook_with_more(beside[0], files, wanted, told)
        if parcel is not None:
            return parcel
    notes += _notes_on_twice(paths.values(), found.twice)
    if home != HERE:
        notes.insert(0, f"Your files were taken from {plain_line(str(home))}/.")
    contents = {name: _limited(read(), paths[name]) for name, read in scripts.items()}
    return _with_missing(contents, {Path(name).stem: name for name in contents}, wanted, notes)


def _home(
    first: str, files: Sequence[str], notebooks: Sequence[str], what: str
) -> PurePosixPath | None:
    """Return the folder that the first file lies in, the top before any other; None for nowhere."""
    paths = naming.called(first, files)
    homes = dict.fromkeys(PurePosixPath(path).parent for path in paths)
    exactly = any(PurePosixPath(path).name == first for path in paths)
    if notebooks and not exactly and not any(PurePosixPath(n).parent in homes for n in notebooks):
        return None  # a name that is only like it does not outweigh a notebook elsewhere
    if HERE in homes:
        return HERE
    if len(homes) > 1:
        raise UnusableSubmission(
            f"There are {len(paths)} files called {first} in {what}: {_listed(paths)}. "
            "Hand in one of them."
        )
    return next(iter(homes), None)


def _home_of_renamed(first: str, files: Files, what: str) -> PurePosixPath:
    """Return the folder of the file that can only be the first one, under another name."""
    if path := renamed.meant(first, files, list(files)):
        return PurePosixPath(path).parent
    said = _not_found(first, list(files), what)
    alike = renamed.defining(first, files, list(files))
    if len(alike) > 1:
        said += f" What belongs there stands in {_listed(alike)}: nobody could know which counts."
    raise UnusableSubmission(said)


def _scripts(
    wanted: Sequence[str], home: PurePosixPath, files: Files
) -> tuple[dict[str, str], list[str]]:
    """Return the path of each wanted file in a folder, and what its author should know of it."""
    inside = [path for path in files if PurePosixPath(path).parent == home]
    paths, notes = dict[str, str](), list[str]()
    for name in wanted:
        found = naming.called(name, inside)
        if len(found) > 1:
            raise UnusableSubmission(
                f"{_listed(found)} are names for one file on many systems. Hand in the one that is "
                f"meant, as {name}."
            )
        if not found:
            found = list(filter(None, [_renamed(name, paths, files, inside)]))
        if found:
            paths[name] = found[0]
            notes += _notes_on(name, found[0], inside)
    return paths, notes


def _renamed(
    name: str, paths: Mapping[str, str], files: Files, inside: Sequence[str]
) -> str | None:
    """Return the file that can only be this one; the first of all wanted ones is asked for first."""
    if not paths:
        return renamed.meant(name, files, inside)
    return renamed.second(name, files, inside, next(iter(paths.values())))


def _notes_on_twice(paths: Iterable[str], twice: Collection[str]) -> Iterator[str]:
    for path in paths:
        if path in twice:
            yield f"{plain_line(path)} is in your zip more than once: the last one was graded."


def _notes_on(name: str, path: str, beside: Sequence[str]) -> list[str]:
    """Say under which name a file was graded, and which file of a name like it was not."""
    given = PurePosixPath(path).name
    if given != name:
        return [f"{plain_line(given)} was graded as {name}: please hand it in under that name."]
    others = [other for other in beside
              if other != path and naming.is_like(PurePosixPath(other).name, name)]  # fmt: skip
    if not others:
        return []
    return [f"{name} was graded, and not {_listed(others)}: many systems take these for one file."]


def _listed(paths: Sequence[str]) -> str:
    """List paths; where two would look the same, by the characters that they are made of."""
    alike = len({unicodedata.normalize("NFC", path) for path in paths}) < len(paths)
    shown = [ascii(path)[1:-1] if alike else path for path in sorted(paths)[:10]]
    return ", ".join(plain_line(path, 80) for path in shown)


def _script(found: HandedIn, wanted: Sequence[str]) -> Parcel:
    """Read one .py file: under its own name, or, under any other, as holding everything."""
    ((name, read),) = found.files.items()
    content = _limited(read(), name)
    if name in wanted:
        return _with_missing({name: content}, {Path(name).stem: name}, wanted, [])
    first = next((each for each in wanted if naming.is_like(name, each)), wanted[0])
    note = f"{plain_line(name)} was graded as {first}: please hand it in under that name."
    return _with_missing({first: content}, {Path(first).stem: first}, wanted, [note])


def _with_missing(
    files: Mapping[str, bytes], sources: dict[str, str], wanted: Sequence[str], notes: list[str]
) -> Parcel:
    """Look for a missing file's names in the first one: some write everything into it."""
    first = wanted[0]
    for name in wanted[1:]:
        if Path(name).stem not in sources and Path(first).stem in sources:
            sources[Path(name).stem] = first
            notes.append(f"There is no {name}: its functions were looked for in {first}.")
    return Parcel(files, dict(sorted(sources.items())), tuple(notes))


def _notebook(name: str, files: Files, wanted: Sequence[str]) -> Parcel:
    content = _limited(files[name](), name)
    text, notes = notebook.source_of(content, plain_line(name))
    sources = {Path(file).stem: cells.FILE for file in sorted(wanted)}
    return Parcel({cells.FILE: text.encode()}, sources, tuple(notes))


def _notebook_with_more(
    name: str, files: Files, wanted: Sequence[str], scripts: bytes
) -> Parcel | None:
    """Return a notebook if it, and not the files beside it, is what the student has worked on."""
    try:
        parcel = _notebook(name, files, wanted)
    except UnusableSubmission:  # the files will do
        return None
    text, beside = parcel.files[cells.FILE].decode(), scripts.decode("utf-8", "replace")
    if not contract.defined(beside) <= contract.defined(text):
        return None
    fewer = contract.stubs(text) < contract.stubs(beside)
    same = contract.stubs(text) == contract.stubs(beside)
    if not (fewer or (same and beside.startswith(contract.BY_NOTEBOOK))):
        return None
    shown = plain_line(PurePosixPath(name).name)
    note = f"{shown} was graded: the files beside it are unfinished, or written by it."
    return replace(parcel, notes=(note, *parcel.notes))


def _limited(content: bytes, name: str) -> bytes:
    most = most_of(name)
    if len(content) > most:
        remedy = (
            "Clear its outputs, save it, and hand it in again."
            if most == MOST_OF_NOTEBOOK
            else "A solution has a few hundred lines: take out what is no code, and hand it in again."
        )
        raise UnusableSubmission(f"{plain_line(name)} is larger than {most >> 20} MB. {remedy}")
    return content


def _too_many(notebooks: Sequence[str], what: str) -> str:
    listed = " and ".join(plain_line(name, 80) for name in sorted(notebooks)[:10])
    return (
        f"There are {len(notebooks)} notebooks in {what}: {listed}. Only one can be graded: hand it "
        "in without the others."
    )


def _not_found(wanted: str, names: list[str], what: str) -> str:
    held = ", ".join(plain_line(name, 80) for name in sorted(names)[:10]) or "nothing"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"There is no {wanted} in {what}. It holds: {held}{more}. Hand it in as {wanted}."
