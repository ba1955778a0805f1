"""Search in a process of its own, in which the files of one student/ are what `checks` is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from autograder.assignment.config import load
from autograder.isolation.worker.blocked import Block
from autograder.proof.pasted import caged, watching
from autograder.proof.pasted.cases import Question, questions
from autograder.proof.pasted.collecting import Candidate, Collection
from autograder.proof.pasted.trying import Found, tried

Say = Callable[[object], None]


def main() -> None:
    """Read what to do from the standard input; say every step, and the result, as a line of JSON."""
    task = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the files print is no answer of ours

    def say(what: object) -> None:
        print(json.dumps(what), file=out, flush=True)

    torch.set_num_threads(1)  # a fork has one
    assignment = load(Path(task["kit"]))
    asked = questions(assignment)
    collection = Collection(Path(task["folder"]), assignment.settings.files)
    watching.watch(collection, list(map(Path, task["submissions"])), assignment)
    collection.read()
    for case in (case for one in asked for family in one.families for case in family):
        case.given()  # whatever it imports is there before a fork
    Block(assignment.forbidden).enforce()
    search = _Search(collection, asked, say)
    lines = list(_lines(search, asked))
    left = sorted(search.left)
    say({"lines": lines, "called": len(search.all) - len(left), "left": [*map(search.name, left)]})


def _lines(search: _Search, asked: Sequence[Question]) -> Sequence[str]:
    """Return a line for every answer that a function gives."""
    found = search.run({path: {} for path in search.files})
    after = [(key, what) for question in asked for key, what in question.after.items()]
    makers: dict[Path, dict[str, str]] = {}
    for one in found:
        for key, what in after:
            if one.what == what:
                candidate = search.all[one.place]
                makers.setdefault(candidate.file, {}).setdefault(key, candidate.name)
    found += search.run(makers) if makers else []
    return list(map(search.line, sorted(found, key=lambda one: (one.place, one.what))))


class _Search:
    """All functions, and what is tried with them."""

    def __init__(self, collection: Collection, asked: Sequence[Question], say: Say) -> None:
        self.all: list[Candidate] = collection.candidates
        self.left: set[int] = set()
        self._collection, self._asked, self._say = collection, asked, say

    @property
    def files(self) -> list[Path]:
        return list(dict.fromkeys(one.file for one in self.all))

    def run(self, made_by: Mapping[Path, Mapping[str, str]]) -> list[Found]:
        """Try the functions of these files; with what others of the file make, if they make any."""
        groups = [[n for n, one in enumerate(self.all) if one.file == path] for path in made_by]

        def work(place: int) -> list[Found]:
            candidate = self.all[place]
            given = made_by[candidate.file]
            asked = [q for q in self._asked if not given or q.after.keys() & given.keys()]
            return tried(candidate, place, asked, self._collection.instances_of, given)

        found: list[Found] = []
        for done, (place, some) in enumerate(caged.results(groups, work), 1):
            if some is None:
                self.left.add(place)
            found += some or []
            self._say({"done": done, "of": sum(map(len, groups))})
        return found

    def name(self, place: int) -> str:
        """Return where a function stands, as an instructor finds it."""
        candidate = self.all[place]
        path = candidate.file.relative_to(self._collection.folder.parent)
        return f"{path.as_posix()}, line {candidate.line}: {candidate.name}"

    def line(self, found: Found) -> str:
        place = self.name(found.place).removesuffix(self.all[found.place].name)
        return f"{place}{found.call} gives {found.what}"


if __name__ == "__main__":
    main()
