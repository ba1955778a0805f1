"""Take what was handed in, a folder, a zip, a .py or a .ipynb, and stage the files to be graded."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.assignment.config import Assignment
from autograder.errors import KitError, UnusableSubmission
from autograder.submission import notebook
from checks.code import cells, contract
from checks.telling.plain import plain_line

MOST_BYTES = 5 << 20  # of one file; a vit.py has some thousand
MOST_OF_NOTEBOOK = 20 << 20
MOST_OF_ZIP = 100 << 20
MOST_ENTRIES = 10_000
DEEPEST = 30  # folders
DRIVE = re.compile(r"^[A-Za-z]:")
# What Python unpacks as far as it is asked to; of the other kinds, all at once.
UNPACKED_IN_STEPS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ZIP_ENTRY = b"PK\x01\x02"  # begins every entry of a zip's directory
NOT_SUBMITTED = ("__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv", "env",
                 "node_modules")  # fmt: skip


@dataclass(frozen=True)
class Submission:
    """Staged files: nothing else of what was handed in is ever opened.

    folder   where they lie
    sources  module name -> file name there; a notebook is the file of both modules
    notes    what the author should know about how it was read
    """

    folder: Path
    sources: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Parcel:
    """A submission as data: what was staged, which can travel and be unpacked elsewhere.

    files    file name -> content, of what is graded
    sources  module name -> file name
    notes    what the author should know about how it was read
    refused  why nothing in it can be graded, for the student; "" where something can
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refused: str = ""


Files = dict[str, Callable[[], bytes]]  # path inside the submission -> how to read it


def stage(path: Path, assignment: Assignment, folder: Path) -> Submission:
    """Copy the files of grading.yml's list, and no others, into the folder.

    Raises KitError if there is nothing at the path, and UnusableSubmission, with a message for the
    student, if nothing in it can be graded.
    """
    if not path.exists():
        raise KitError(str(path), "there is nothing here", "name a folder, .zip, .py or .ipynb")
    folder.mkdir(parents=True, exist_ok=True)
    for name in assignment.settings.provided:
        shutil.copyfile(assignment.solution / name, folder / name)
    wanted = assignment.settings.files
    if path.is_dir():
        return _stage(_in_folder(path, wanted[0]), wanted, folder, "your folder")
    if not path.is_file():  # a pipe or a device would keep us waiting
        raise KitError(str(path), "this is no submission", "name a folder, .zip, .py or .ipynb")
    if path.suffix == ".py":
        return _stage_single(wanted, folder, path)
    if path.suffix == ".ipynb":
        return _stage({path.name: _file_reader(path)}, wanted, folder, "what you handed in")
    if path.suffix == ".zip" or zipfile.is_zipfile(path):
        with _opened(path) as archive:
            return _stage(_in_zip(archive), wanted, folder, "your zip")
    raise KitError(str(path), "this is no submission", "name a folder, .zip, .py or .ipynb")


def pack(path: Path, assignment: Assignment, folder: Path) -> Parcel:
    """Stage what lies at the path in the folder, and return it as data.

    Raises KitError if there is nothing at the path.
    """
    try:
        staged = stage(path, assignment, folder)
    except UnusableSubmission as error:
        return Parcel(refused=str(error))
    names = sorted(set(staged.sources.values()))
    files = {name: (folder / name).read_bytes() for name in names}
    return Parcel(files, dict(sorted(staged.sources.items())), staged.notes)


def unpack(parcel: Parcel, assignment: Assignment, folder: Path) -> Submission:
    """Lay a parcel out as `stage` would have done. Raises UnusableSubmission where that did."""
    if parcel.refused:
        raise UnusableSubmission(parcel.refused)
    folder.mkdir(parents=True, exist_ok=True)
    for name in assignment.settings.provided:
        shutil.copyfile(assignment.solution / name, folder / name)
    for name, content in parcel.files.items():
        (folder / Path(name).name).write_bytes(content)
    return Submission(folder, parcel.sources, parcel.notes)


def _stage(files: Files, wanted: list[str], folder: Path, what: str) -> Submission:
    """Stage the wanted files if they lie together, at the top or in one folder; else a notebook."""
    first = wanted[0]
    homes = [PurePosixPath(name).parent for name in files if PurePosixPath(name).name == first]
    if PurePosixPath(".") in homes:
        homes = [PurePosixPath(".")]
    if len(homes) > 1:
        listed = ", ".join(plain_line(str(home / first), 80) for home in sorted(homes)[:10])
        raise UnusableSubmission(
            f"There are {len(homes)} files called {first} in {what}: {listed}. Hand in one of them."
        )
    notebooks = [name for name in files if name.endswith(".ipynb")]
    if not homes:
        if len(notebooks) == 1:
            return _stage_notebook(notebooks[0], files[notebooks[0]](), wanted, folder)
        raise UnusableSubmission(_not_found(first, list(files), what))
    beside = [name for name in notebooks if PurePosixPath(name).parent == homes[0]]
    if len(beside) == 1:
        scripts = [files[path] for name in wanted if (path := str(homes[0] / name)) in files]
        with contextlib.suppress(UnusableSubmission):  # the files will do
            content = files[beside[0]]()
            if _holds_more(content, b"\n".join(read() for read in scripts)):
                staged = _stage_notebook(beside[0], content, wanted, folder)
                name = plain_line(PurePosixPath(beside[0]).name)
                note = f"{name} was graded: the files beside it are unfinished, or written by it."
                return replace(staged, notes=(note, *staged.notes))
    notes = (
        []
        if homes[0] == PurePosixPath(".")
        else [f"Your files were taken from {plain_line(str(homes[0]))}/."]
    )
    sources = {}
    for name in wanted:
        read = files.get(str(homes[0] / name))
        if read is not None:
            (folder / name).write_bytes(_limited(read(), name))
            sources[Path(name).stem] = name
    return _with_missing(sources, wanted, folder, notes)


def _holds_more(content: bytes, scripts: bytes) -> bool:
    """Whether a notebook, and not the files beside it, is what the student has worked on."""
    text, _ = notebook.source_of(_limited(content, "", MOST_OF_NOTEBOOK), "")
    files = scripts.decode("utf-8", "replace")
    if not contract.defined(files) <= contract.defined(text):
        return False
    fewer = contract.stubs(text) < contract.stubs(files)
    same = contract.stubs(text) == contract.stubs(files)
    return fewer or (same and files.startswith(contract.BY_NOTEBOOK))


def _stage_single(wanted: list[str], folder: Path, path: Path) -> Submission:
    """Stage one .py file: under its own name, or, under any other, as holding everything."""
    content = _limited(_file_reader(path)(), path.name)
    if path.name in wanted:
        sources = {path.stem: path.name}
        (folder / path.name).write_bytes(content)
        return _with_missing(sources, wanted, folder, [])
    if path.name.lower() in wanted:
        raise UnusableSubmission(_not_found(wanted[0], [path.name], "what you handed in"))
    (folder / wanted[0]).write_bytes(content)
    note = f"{plain_line(path.name)} was graded as {wanted[0]}: please hand it in under that name."
    return _with_missing({Path(wanted[0]).stem: wanted[0]}, wanted, folder, [note])


def _with_missing(
    sources: dict[str, str], wanted: list[str], folder: Path, notes: list[str]
) -> Submission:
    """Look for a missing file's names in the first one: some write everything into vit.py."""
    vit = Path(wanted[0]).stem
    for name in wanted[1:]:
        if Path(name).stem not in sources and vit in sources:
            sources[Path(name).stem] = sources[vit]
            notes.append(f"There is no {name}: its functions were looked for in {wanted[0]}.")
    return Submission(folder, sources, tuple(notes))


def _stage_notebook(name: str, content: bytes, wanted: list[str], folder: Path) -> Submission:
    text, notes = notebook.source_of(_limited(content, name, MOST_OF_NOTEBOOK), plain_line(name))
    staged = cells.FILE
    (folder / staged).write_text(text, encoding="utf-8")
    sources = {Path(file).stem: staged for file in wanted}
    return Submission(folder, sources, tuple(notes))


def _in_folder(path: Path, first: str) -> Files:
    """List the ordinary files of a folder. Links are not followed: they may lead anywhere.

    Where the first of the files that are graded lies at the top, a crowd below it does not matter.
    """
    files: Files = {}
    waiting, seen = [path], 0
    while waiting:
        with contextlib.suppress(PermissionError), os.scandir(waiting.pop(0)) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    if first in files:
                        return files
                    raise UnusableSubmission(
                        f"There are more than {MOST_ENTRIES} files in your folder: leave most out."
                    )
                file = Path(entry.path)
                inside = file.relative_to(path)
                if _is_clutter(inside.parts):
                    continue
                if entry.is_dir(follow_symlinks=False) and len(inside.parts) < DEEPEST:
                    waiting.append(file)
                elif entry.is_file(follow_symlinks=False):
                    files[inside.as_posix()] = _file_reader(file)
    return dict(sorted(files.items()))


def _file_reader(path: Path) -> Callable[[], bytes]:
    """Return what reads a file, though never much more of it than may be graded."""

    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(MOST_OF_NOTEBOOK + 1)
        except OSError as error:
            raise UnusableSubmission(
                f"{plain_line(path.name)} cannot be read: {error.strerror}."
            ) from None

    return read


def _opened(path: Path) -> zipfile.ZipFile:
    name = plain_line(path.name)
    if path.stat().st_size > MOST_OF_ZIP:
        raise UnusableSubmission(
            f"{plain_line(name)} is larger than {MOST_OF_ZIP >> 20} MB. Hand in your code, without data."
        )
    if _more_entries_than(MOST_ENTRIES, path):
        raise UnusableSubmission(
            f"There are more than {MOST_ENTRIES} files in {name}: leave most out."
        )
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises half a dozen kinds for a damaged directory
        raise UnusableSubmission(
            f"{name} cannot be opened as a zip ({plain_line(str(error))}). "
            "Make it anew and hand it in again."
        ) from None


def _more_entries_than(most: int, path: Path) -> bool:
    """Whether a zip lists more files than this. Reading its directory would take memory for each."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = -1
        for _ in range(most + 1):
            place = content.find(ZIP_ENTRY, place + 1)
            if place < 0:
                return False
    return True


def _in_zip(archive: zipfile.ZipFile) -> Files:
    """List the ordinary files of a zip. Nothing is unpacked: the files wanted are read one by one."""
    files: Files = {}
    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")  # some Windows programs write backslashes
        inside = PurePosixPath(name)
        if entry.is_dir() or not inside.parts:
            continue
        if inside.is_absolute() or ".." in inside.parts or DRIVE.match(inside.parts[0]):
            raise UnusableSubmission(
                f"Your zip holds a path that leads out of it: {plain_line(name)!r}. Make it anew."
            )
        if stat.S_ISLNK(entry.external_attr >> 16) or _is_clutter(inside.parts):
            continue
        files[inside.as_posix()] = _reader(archive, entry)
    return files


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        name = plain_line(PurePosixPath(entry.filename.replace("\\", "/")).name)
        if entry.flag_bits & 0x1:
            raise UnusableSubmission(
                f"{name} in your zip is encrypted: make it without a password."
            )
        if entry.compress_type not in UNPACKED_IN_STEPS:
            raise UnusableSubmission(
                f"{name} in your zip is compressed in an unusual way: make an ordinary zip."
            )
        try:
            with archive.open(entry) as file:
                return file.read(MOST_OF_NOTEBOOK + 1)
        except Exception as error:  # zipfile and zlib raise a dozen kinds for a damaged entry
            raise UnusableSubmission(
                f"{name} in your zip cannot be read ({plain_line(str(error))}). Make the zip anew."
            ) from None

    return read


def _limited(content: bytes, name: str, most: int = MOST_BYTES) -> bytes:
    if len(content) > most:
        raise UnusableSubmission(
            f"{plain_line(name)} is larger than {most >> 20} MB. A solution has a few hundred lines."
        )
    return content


def _is_clutter(parts: tuple[str, ...]) -> bool:
    return any(part in NOT_SUBMITTED for part in parts) or parts[-1].startswith("._")


def _not_found(wanted: str, names: list[str], what: str) -> str:
    held = ", ".join(plain_line(name, 80) for name in sorted(names)[:10]) or "nothing"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"There is no {wanted} in {what}. It holds: {held}{more}. Names are case sensitive."
