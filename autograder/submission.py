"""Take what was handed in, a folder, a zip, a .py or a .ipynb, and stage the files to be graded."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder import notebook
from autograder.config import Assignment
from autograder.errors import KitError, UnusableSubmission
from checks import cells

MOST_BYTES = 5 << 20  # of one file; a vit.py has some thousand
MOST_ENTRIES = 20_000
NOT_SUBMITTED = ("__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv")


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
        return _stage(_in_folder(path), wanted, folder, "your folder")
    if path.suffix == ".py":
        files = {path.name: path.read_bytes}
        return _stage_single(files, wanted, folder, path)
    if path.suffix == ".ipynb":
        return _stage({path.name: path.read_bytes}, wanted, folder, "what you handed in")
    if path.suffix == ".zip" or zipfile.is_zipfile(path):
        with _opened(path) as archive:
            return _stage(_in_zip(archive), wanted, folder, "your zip")
    raise KitError(str(path), "this is no submission", "name a folder, .zip, .py or .ipynb")


def _stage(files: Files, wanted: list[str], folder: Path, what: str) -> Submission:
    """Stage the wanted files if they lie together, at the top or in one folder; else a notebook."""
    first = wanted[0]
    homes = [PurePosixPath(name).parent for name in files if PurePosixPath(name).name == first]
    if PurePosixPath(".") in homes:
        homes = [PurePosixPath(".")]
    if len(homes) > 1:
        listed = ", ".join(str(home / first) for home in sorted(homes))
        raise UnusableSubmission(
            f"There are {len(homes)} files called {first} in {what}: {listed}. Hand in one of them."
        )
    if not homes:
        notebooks = [name for name in files if name.endswith(".ipynb")]
        if len(notebooks) == 1:
            return _stage_notebook(notebooks[0], files[notebooks[0]](), wanted, folder)
        raise UnusableSubmission(_not_found(first, list(files), what))
    notes = [] if homes[0] == PurePosixPath(".") else [f"Your files were taken from {homes[0]}/."]
    sources = {}
    for name in wanted:
        read = files.get(str(homes[0] / name))
        if read is not None:
            (folder / name).write_bytes(_limited(read(), name))
            sources[Path(name).stem] = name
    return _with_missing(sources, wanted, folder, notes)


def _stage_single(files: Files, wanted: list[str], folder: Path, path: Path) -> Submission:
    """Stage one .py file: under its own name, or, under any other, as holding everything."""
    if path.name in wanted:
        sources = {path.stem: path.name}
        (folder / path.name).write_bytes(_limited(path.read_bytes(), path.name))
        return _with_missing(sources, wanted, folder, [])
    if path.name.lower() in wanted:
        raise UnusableSubmission(_not_found(wanted[0], list(files), "what you handed in"))
    (folder / wanted[0]).write_bytes(_limited(path.read_bytes(), path.name))
    note = f"{path.name} was graded as {wanted[0]}: please hand it in under that name."
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
    text, notes = notebook.source_of(_limited(content, name, 20 * MOST_BYTES), name)
    staged = cells.FILE
    (folder / staged).write_text(text, encoding="utf-8")
    sources = {Path(file).stem: staged for file in wanted}
    return Submission(folder, sources, tuple(notes))


def _in_folder(path: Path) -> Files:
    """List the ordinary files of a folder. Links are not followed: they may lead anywhere."""
    files: Files = {}
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_symlink() or not file.is_file() or _is_clutter(inside.parts):
            continue
        files[inside.as_posix()] = file.read_bytes
        if len(files) > MOST_ENTRIES:
            raise UnusableSubmission(f"There are more than {MOST_ENTRIES} files in your folder.")
    return files


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnusableSubmission(
            f"{path.name} cannot be opened as a zip ({error}). Make it anew and hand it in again."
        ) from None
    return archive


def _in_zip(archive: zipfile.ZipFile) -> Files:
    """List the ordinary files of a zip. Nothing is unpacked: the files wanted are read one by one."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise UnusableSubmission(f"There are {len(entries)} files in your zip: leave most out.")
    files: Files = {}
    for entry in entries:
        name = entry.filename.replace("\\", "/")  # some Windows programs write backslashes
        inside = PurePosixPath(name)
        if entry.is_dir() or not inside.parts:
            continue
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
            raise UnusableSubmission(
                f"Your zip holds a path that leads out of it: {name[:200]!r}. Make it anew."
            )
        if stat.S_ISLNK(entry.external_attr >> 16) or _is_clutter(inside.parts):
            continue
        files[inside.as_posix()] = _reader(archive, entry)
    return files


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        name = PurePosixPath(entry.filename.replace("\\", "/")).name
        if entry.flag_bits & 0x1:
            raise UnusableSubmission(
                f"{name} in your zip is encrypted: make it without a password."
            )
        try:
            with archive.open(entry) as file:
                return file.read(20 * MOST_BYTES + 1)
        except Exception as error:  # zipfile and zlib raise a dozen kinds for a damaged entry
            raise UnusableSubmission(
                f"{name} in your zip cannot be read ({error}). Make the zip anew."
            ) from None

    return read


def _limited(content: bytes, name: str, most: int = MOST_BYTES) -> bytes:
    if len(content) > most:
        raise UnusableSubmission(
            f"{name} is larger than {most >> 20} MB. A solution has a few hundred lines."
        )
    return content


def _is_clutter(parts: tuple[str, ...]) -> bool:
    return any(part in NOT_SUBMITTED for part in parts) or parts[-1].startswith("._")


def _not_found(wanted: str, names: list[str], what: str) -> str:
    held = ", ".join(sorted(names)[:10]) or "nothing"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"There is no {wanted} in {what}. It holds: {held}{more}. Names are case sensitive."
