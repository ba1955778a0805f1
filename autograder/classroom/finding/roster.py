"""Find the submissions of a class in a folder or a zip, as teachers or platforms lay them out."""

from __future__ import annotations

import itertools
import re
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import NOTEBOOK
from autograder.classroom.book import ledger
from autograder.classroom.finding import layouts
from autograder.classroom.finding.archive import SINGLE, unpack
from autograder.classroom.finding.gradescope_export import METADATA, Metadata, read_metadata
from autograder.classroom.finding.layouts import CANVAS, Upload
from autograder.errors import KitError
from autograder.submission.found import fitting_name, must_exist
from autograder.submission.limits import DEEPEST, MOST_ENTRIES, NOT_SUBMITTED
from checks.telling.plain import plain_line

AGAIN = re.compile(r"-(\d+)(\.[A-Za-z]+)$")  # what Canvas adds to a file that is handed in again
A_CLASS = "name a folder or a zip of submissions"
LONGEST = 120  # characters of a folder's name; some systems allow 143 bytes


@dataclass(frozen=True)
class Entry:
    """One submission of one student.

    submission  what it is called: unique in its class, fit to be shown
    student     the author's name, fit to be shown
    who         the author for a program: two submissions with the same are one student's
    parts       the files or the one folder that it is made of, each with the name it was given
    handed_in   when, if the platform tells
    changed     when its files were changed: good enough to find the latest
    late        whether the platform calls it late
    counts      whether it is the latest of its student
    folder      the name of its folder in the output, unique on any system
    file        one of its files as the platform has named it, where what comes back needs that name
    """

    submission: str
    student: str
    who: str
    parts: tuple[tuple[str, Path], ...] = ()
    handed_in: datetime | None = None
    changed: datetime | None = None
    late: bool = False
    counts: bool = True
    folder: str = ""
    email: str = ""
    sid: str = ""
    file: str = ""

    def lay_out(self, folder: Path) -> Path:
        """Return what is to be graded: the thing itself, or a folder with its files put together.

        A file that stands alone is handed over as it is, so that it may have any name.
        """
        first, path = self.parts[0]
        alone = len(self.parts) == 1 and Path(first).suffix.lower() in SINGLE
        if path.is_dir() or (alone and first == path.name):
            return path
        folder.mkdir(parents=True)
        for name, path in self.parts:
            if Path(name).suffix.lower() in SINGLE:
                shutil.copyfile(path, folder / name)
            else:  # that it is there is all that is ever told of it
                (folder / name).touch()
        return folder / first if alone else folder


@dataclass(frozen=True)
class Roster:
    """A class: its submissions, ordered by name, and what was found beside them."""

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()


def find(source: Path, assignment: Assignment, unpacked: Path, out: Path) -> Roster:
    """Find the submissions in a folder or a zip, which is unpacked into a folder first.

    The output may lie beside them. Raises KitError if it lies in one of their folders, if there
    are none, or if the folder is itself a submission.
    """
    try:
        return _find(source, assignment, unpacked, out.resolve())
    except OSError as error:
        raise KitError(str(error.filename or source), f"cannot be read: {error.strerror}",
                       "let the user who grades read all of it") from None  # fmt: skip


def _find(source: Path, assignment: Assignment, unpacked: Path, out: Path) -> Roster:
    must_exist(source, A_CLASS)
    left_out: list[str] = []
    top = source.resolve()
    if source.is_file():
        left_out += unpack(source, unpacked)
        top = unpacked
    elif not source.is_dir():
        raise KitError(str(source), "this is no folder", A_CLASS)
    graded = (*assignment.settings.files, NOTEBOOK)
    folder, beside = _descended(top, out, graded)
    if top in out.parents and out.parent not in (folder, *folder.parents):
        raise KitError(str(out), "it lies in the folder of a submission, or would make one of it",
                       "name a folder beside the submissions, or somewhere else")  # fmt: skip
    if any((folder / name).is_file() for name in assignment.settings.files):
        raise KitError(str(source), "this is one submission, not a class",
                       "use `autograder grade`, or name the folder that it lies in")  # fmt: skip
    entries, others = _found(folder, out, graded)
    if not entries:
        raise KitError(str(source), "there is no submission in it",
                       "it should hold folders, zips, .py or .ipynb files, one a student")  # fmt: skip
    return Roster(_named(_latest(entries)), tuple(sorted(left_out + beside + others)))


def _descended(folder: Path, out: Path, files: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the folder that holds the submissions, and the names of what lies beside it.

    A zip often has one folder around all of them, and so has a download. It is told by holding
    several submissions, or one that a platform has named, and none of the files that make a folder
    a submission itself.
    """
    inner, beside = folder, list[str]()
    while True:
        likely, others = _told_apart(inner, out)
        of_platform = any(_of_platform(path, files) for path in likely)
        if len(likely) > 1 or (inner / METADATA).is_file() or of_platform:
            return inner, beside
        if not likely or not likely[0].is_dir() or any((likely[0] / f).is_file() for f in files):
            return folder, []
        inner, beside = likely[0], beside + others


def _told_apart(folder: Path, out: Path) -> tuple[list[Path], list[str]]:
    """Return what may be a submission, and the names of what is none.

    Links and hidden folders are told as well, though never opened: who is missed may be in one.
    So are the outputs of other batches; that this one's is no submission goes without saying.
    """
    likely, others = [], []
    children = {path for path in _children(folder) if not ledger.is_output(path)}
    for path in sorted(set(folder.iterdir()) - {out}):
        if path in children and (path.is_dir() or _is_single(path) or _named_by_platform(path)):
            likely.append(path)
        elif not _is_litter(path):
            others.append(plain_line(path.name))
    return likely, others


def _is_single(path: Path) -> bool:
    return path.suffix.lower() in SINGLE


def _of_platform(path: Path, graded: Sequence[str]) -> bool:
    """Whether a platform has laid this out: what it is in, then, is never a student's folder."""
    return _named_by_platform(path) or layouts.is_collected(path, graded)


def _named_by_platform(path: Path) -> bool:
    if layouts.told_by_moodle(path):
        return True
    named = CANVAS.fullmatch(path.name) or layouts.told_by_name(path)
    return path.is_file() and bool(named)


def _found(folder: Path, out: Path, graded: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Return the submissions, and the names of what is none."""
    likely, others = _told_apart(folder, out)
    if (folder / METADATA).is_file():
        return _in_gradescope_export(folder, likely, others)
    if prefix := layouts.clones_of(folder, likely):
        return [_clone(path, prefix) for path in likely], others
    if layouts.is_of_nbgrader(likely, graded):
        return _of_nbgrader(folder, likely, others, graded)
    return _by_names(folder, likely, others, graded)


def _by_names(
    folder: Path, likely: Sequence[Path], others: list[str], graded: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    of_canvas: dict[str, list[tuple[re.Match[str], Path]]] = defaultdict(list)
    entries = []
    by_address: list[Upload] = []
    moodle: dict[tuple[str, str], list[tuple[re.Match[str], Path]]] = defaultdict(list)
    for path in likely:
        if match := layouts.told_by_moodle(path):
            moodle[match["name"], match["who"]].append((match, path))
        elif path.is_file() and (match := CANVAS.fullmatch(path.name)):
            of_canvas[f"{match['name']}_{match['who']}"].append((match, path))
        elif path.is_file() and (one := layouts.told_by_name(path)):
            by_address.append(one)
        else:
            entries.append(_plain(path))
    for group in moodle.values():
        entries += _of_moodle(group)
    of_one, without = _of_one_question(folder, by_address, graded)
    entries += _of_addresses(of_one, graded[0])
    others += without
    for name, files in of_canvas.items():
        if len({match["file"] for match, _ in files}) == len(files):
            entries += _of_canvas(name, files)
        else:  # Canvas gives a number to one file only: hw_3_2026_anna.py is somebody's own name
            paths = [path for _, path in files]
            entries += [_plain(path) for path in paths if _is_single(path)]
            others += [plain_line(path.name) for path in paths if not _is_single(path)]
    return entries, others


def _in_gradescope_export(
    folder: Path, likely: Sequence[Path], others: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    """Return the submissions that have a folder or are told of, and the names of what is none."""
    metadata = read_metadata(folder / METADATA)
    folders = {path.name: path for path in likely if path.is_dir()}
    entries = [_of_gradescope(metadata.get(name), path) for name, path in folders.items()]
    entries += [
        _of_gradescope(told, None) for name, told in metadata.items() if name not in folders
    ]
    files = [plain_line(path.name) for path in likely if not path.is_dir()]
    return entries, [name for name in (*others, *files) if name != METADATA]


def _of_nbgrader(
    folder: Path, likely: Sequence[Path], others: Sequence[str], graded: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    """Return what nbgrader has collected for the assignment that is graded."""
    by_student = {path: layouts.collected(path, graded) for path in likely}
    assignments: dict[str, list[Path]] = defaultdict(list)
    for held in by_student.values():
        for name, place in held.items():
            assignments[name].append(place)
    names = list(assignments)
    if len(names) > 1:
        names = list(layouts.holding({
            name: [any((place / file).is_file() for file in graded) for place in places]
            for name, places in assignments.items()
        }))  # fmt: skip
    if len(names) != 1:
        raise _which(folder, "assignments", names or list(assignments))
    entries = [
        Entry(
            path.name,
            path.name,
            path.name,
            ((names[0], held[names[0]]),),
            layouts.stamped(held[names[0]]),
        )
        for path, held in by_student.items()
        if names[0] in held
    ]
    without = [plain_line(path.name) for path, held in by_student.items() if names[0] not in held]
    return entries, [*others, *without]


def _which(folder: Path, what: str, names: Iterable[str]) -> KitError:
    listed = ", ".join(map(plain_line, sorted(names)))
    return KitError(str(folder), f"it holds several {what}: {listed}",
                    "name a folder with those of one")  # fmt: skip


def _clone(path: Path, prefix: str) -> Entry:
    """Return the submission in a clone that is named by assignment and user."""
    user = path.name.removeprefix(prefix)
    return Entry(path.name, user, user, ((path.name, path),), changed=_changed(path))


def _of_one_question(
    folder: Path, files: Sequence[Upload], graded: Sequence[str]
) -> tuple[list[Upload], list[str]]:
    """Return the files of the one question that is graded, and who has nothing for it.

    Raises KitError if there are several.
    """
    having: dict[str, dict[str, bool]] = defaultdict(dict)
    for file in files:
        of_question = having[file.question]
        of_question[file.who] = of_question.get(file.who, False) or file.rest in graded
    questions = list(having)
    if len(questions) > 1:
        students = {question: list(those.values()) for question, those in having.items()}
        questions = list(layouts.holding(students)) or questions
    if len(questions) > 1:
        raise _which(folder, "questions", questions)
    found = [file for file in files if file.question in questions]
    without = {file.who for file in files} - {file.who for file in found}
    return found, [plain_line(who) for who in without]


def _of_addresses(files: Sequence[Upload], first: str) -> Iterator[Entry]:
    """Yield each version of what was handed in under an address; the highest counts."""
    versions: dict[tuple[str, int], list[Upload]] = defaultdict(list)
    latest: dict[str, int] = defaultdict(int)
    for file in files:
        versions[file.who, file.version].append(file)
        latest[file.who] = max(latest[file.who], file.version)
    for (who, version), found in versions.items():
        parts = tuple(sorted((_inside(_given_name(file, first)), file.path) for file in found))
        yield Entry(
            f"{who}_{version}", who, who, parts, changed=max(map(_changed_at, found)),
            counts=version == latest[who], email=who if "@" in who else "",
        )  # fmt: skip


def _given_name(file: Upload, first: str) -> str:
    """Return the name to read a file under: Autolab calls all of them like the assessment's zip."""
    if file.question or file.path.suffix.lower() != ".zip":
        return file.rest
    return fitting_name(file.path, file.rest, first)


def _changed_at(file: Upload) -> datetime:
    return datetime.fromtimestamp(int(file.path.stat().st_mtime), timezone.utc)


def _plain(path: Path) -> Entry:
    name = path.name if path.is_dir() else path.stem
    zips = _children(path) if path.is_dir() else []
    if len(zips) == 1 and zips[0].suffix.lower() == ".zip":
        return Entry(path.name, name, name, ((zips[0].name, zips[0]),),
                     changed=_changed(zips[0]))  # fmt: skip
    return Entry(path.name, name, name, ((path.name, path),), changed=_changed(path))


def _of_gradescope(told: Metadata | None, path: Path | None) -> Entry:
    told = told or Metadata(path.name if path else "")
    parts = ((path.name, path),) if path else ()
    return Entry(told.submission, told.student or told.submission, told.who or told.submission,
                 parts, told.created_at, email=told.email, sid=told.sid)  # fmt: skip


def _of_moodle(group: Sequence[tuple[re.Match[str], Path]]) -> Iterator[Entry]:
    """Yield the submission of a participant: what was uploaded; a text typed in only without it."""
    uploads = [found for found in group if found[0]["kind"] == "file"] or list(group)
    match = uploads[0][0]
    folders = [path for _, path in uploads if path.is_dir()]
    files = [(_inside(m["rest"] or ""), path) for m, path in uploads if path.is_file()]
    name = f"{match['name']}_{match['who']}"
    entry = Entry(name, match["name"], f"moodle {match['who']}")
    for path in folders:
        held = _children(path)
        alone = held[0] if len(held) == 1 and held[0].suffix.lower() in SINGLE else path
        yield replace(entry, parts=((alone.name, alone),))
    if files:
        yield replace(entry, parts=tuple(sorted(files)))


def _of_canvas(name: str, files: Sequence[tuple[re.Match[str], Path]]) -> Iterator[Entry]:
    """Yield what one student has handed in, the latest first.

    Of a file that is there more than once, each version belongs to another submission.
    """
    versions: dict[str, list[tuple[int, int, Path]]] = defaultdict(list)
    for match, path in files:
        again = AGAIN.search(match["rest"])
        plain = _inside(AGAIN.sub(r"\2", match["rest"]))
        versions[plain].append((int(again[1]) if again else 0, int(match["file"]), path))
    first = files[0][0]
    late = any(match["late"] for match, _ in files)
    entry = Entry(name, first["name"], f"canvas {first['who']}", late=late)
    ordered = {plain: sorted(found) for plain, found in versions.items()}
    for earlier in range(max(map(len, ordered.values()))):
        there = {
            plain: found[-1 - earlier][2]
            for plain, found in ordered.items()
            if len(found) > earlier
        }
        if earlier:  # what was not handed in again then is the file that there is
            there |= {plain: found[0][2] for plain, found in ordered.items() if plain not in there}
        parts = tuple(sorted(there.items()))
        label = f"{name}-earlier-{earlier}" if earlier else name
        yield replace(
            entry, submission=label, parts=parts, counts=not earlier, file=parts[0][1].name
        )


def _inside(name: str) -> str:
    return "unnamed" if name in ("", ".", "..") else name


def _latest(entries: Iterable[Entry]) -> list[Entry]:
    """Let only the latest submission of each student count."""
    of_student: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_student[_composed(entry.who)].append(entry)
    found = []
    for own in of_student.values():
        own.sort(
            key=lambda e: (e.counts, bool(e.parts), _time(e.handed_in or e.changed), e.submission)
        )
        found += [replace(entry, counts=entry is own[-1]) for entry in own]
    return found


def _composed(name: str) -> str:
    """Return the name in one of the two ways to write an accent: systems differ in which."""
    return unicodedata.normalize("NFC", name)


def _time(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _named(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give each entry a name and a folder of its own, and let all of it be fit to be shown."""
    taken: set[str] = set()
    shown: set[str] = set()
    found = []
    for entry in sorted(entries, key=lambda e: (e.submission, e.student)):
        name = _unique(_fit(entry.submission), shown)
        found.append(
            replace(
                entry,
                submission=name,
                student=_fit(entry.student),
                who=_fit(entry.who),
                email=plain_line(entry.email, len(entry.email)),  # of a group, all are needed
                sid=plain_line(entry.sid, len(entry.sid)),
                file=plain_line(entry.file, len(entry.file)),
                folder=_unique(_for_files(name), taken),
            )
        )
    return tuple(sorted(found, key=lambda e: e.submission))


def _fit(text: str) -> str:
    return plain_line(_composed(text))


def _unique(name: str, taken: set[str]) -> str:
    """Return the name, or with a number behind it, such that no other differs by case alone."""
    number, unique = 1, name
    while unicodedata.normalize("NFKC", unique).casefold() in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unicodedata.normalize("NFKC", unique).casefold())
    return unique


def _for_files(name: str) -> str:
    """Return a name that any file system, browser and shell takes: letters of any script stay."""
    kept = "".join(
        c if c.isalnum() or c in "-_.()+" or unicodedata.combining(c) else "_" for c in name
    )
    cut = kept.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")
    return cut.strip("._") or "unnamed"


def _children(folder: Path) -> list[Path]:
    """Return what lies in a folder, but for links and for what systems leave there."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if not path.name.startswith(".")
            and path.name not in NOT_SUBMITTED
            and not path.is_symlink()
            and (path.is_dir() or path.is_file())
        )
    except PermissionError:  # one student's folder: it is told when it comes to be graded
        return []


def _is_litter(path: Path) -> bool:
    """Whether a system or a tool leaves such things, and nobody wants to read of them."""
    return path.name in NOT_SUBMITTED or (path.name.startswith(".") and not path.is_dir())


def _changed(path: Path) -> datetime | None:
    """Return when a file, or the newest file in a folder, was changed.

    A folder's own time says nothing: it may be that of unpacking.
    """
    below = itertools.islice(_below(path), MOST_ENTRIES) if path.is_dir() else [path]
    times = [file.stat().st_mtime for file in below if file.is_file()]
    return datetime.fromtimestamp(int(max(times)), timezone.utc) if times else None


def _below(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder, level by level, no deeper than anything is graded."""
    level = [folder]
    for _ in range(DEEPEST):
        inner = []
        for path in level:
            for child in _children(path):
                yield child
                if child.is_dir():
                    inner.append(child)
        level = inner
