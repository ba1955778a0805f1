"""Say what bears on a question's marks: a digest of its own tests, and of all that questions share."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from autograder.assignment.config import FILE, Assignment
from autograder.assignment.provenance import suite_files

# Settings that say how results are shown, added up or installed. `training` has its own readers.
NO_VERDICT = {
    "assignment",
    "questions",
    "gradescope",
    "otter",
    "prairielearn",
    "autolab",
    "install",
    "round",
    "training",
}


def bearing(assignment: Assignment, trained: Collection[str]) -> Mapping[str, str]:
    """Return for each question a digest that differs if anything differs that bears on its marks.

    Its tests do, with those of other questions that they mention, and each file of the suite that is no
    question's own. Points do not: they are what its outcomes are counted with.

    trained  the questions that read `training` in grading.yml
    """
    files = {name: path.read_bytes() for name, path in suite_files(assignment).items()}
    del files[FILE]
    own = {
        question: {_name(path, assignment) for path in assignment.test_files([question])}
        for question in assignment.questions
    }
    shared = files.keys() - set().union(*own.values())
    settings = assignment.settings.model_dump(mode="json", exclude=NO_VERDICT)
    training = assignment.settings.training.model_dump(mode="json")
    mentions = {question: _mentioned(names, own, files) for question, names in own.items()}
    of_all = reached(_mentioned(shared, own, files), mentions)
    return {
        question: _digest(
            [settings, training if question in trained else None],
            {name: files[name] for name in shared.union(*(own[each] for each in others))},
        )
        for question in own
        for others in [of_all | reached({question}, mentions)]
    }


def reached(names: Iterable[str], leads_to: Mapping[str, Iterable[str]]) -> set[str]:
    """Return these names, and all that they lead to."""
    found, ahead = set[str](), list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += leads_to.get(name, ())
    return found


def _name(path: Path, assignment: Assignment) -> str:
    return path.relative_to(assignment.root).as_posix()


def _mentioned(
    names: Iterable[str], own: Mapping[str, Collection[str]], files: Mapping[str, bytes]
) -> set[str]:
    """Return the questions whose test files are mentioned in these files: they may be imported."""
    code = b"\n".join(files[name] for name in names if name.endswith(".py"))
    return {
        question
        for question, tests in own.items()
        if any(Path(test).stem.encode() in code for test in tests)
    }


def _digest(settings: object, files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256(msgspec.json.encode(settings))
    for name, content in sorted(files.items()):
        whole.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:32]
