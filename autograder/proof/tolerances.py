"""Show that every tolerance stands far from both sides: from what is right, and from what is wrong.

A test's error is the largest of its comparisons, in units of its tolerance: up to 1 it passes. Over
many seeds and all known submissions, in float32 and in float64, none may lie near 1. In float64 the
rounding goes away: an error that stays is no rounding.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.formats.whole_files import write_json
from autograder.grading.pool import Pool
from autograder.grading.report import Report
from autograder.isolation.workers import Listener
from autograder.proof import quality
from autograder.proof.quality import Quality

FILE = Path("tests/corpus/tolerances.json")
EXCUSES = Path("tests/corpus/tolerances.yml")
FAR = 10.0  # what a tolerance stands apart from both sides
MOST = 1e9  # an error of another shape, or of a comparison that must be exact
OTHERS = 10  # of so many seeds, one is also run in float64, and on what is wrong


class Excused(BaseModel):
    """A test that may be nearer to an error than others: on either side, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    test: str
    passes_up_to: float = 1 / FAR
    fails_from: float = FAR
    because: str


@dataclass
class Side:
    """The error next to the tolerance on one of its sides, and which submission makes it."""

    error: float
    submission: str = ""
    seed: int = 0


@dataclass
class Margin:
    """One test: the largest error that passes and the smallest that fails, by dtype."""

    title: str
    passes: dict[str, Side] = field(default_factory=dict)
    fails: dict[str, Side] = field(default_factory=dict)


@dataclass
class Certificate:
    """What all runs came to.

    right      submissions; seeds: of theirs in float32, and of all others
    lost       marks that right ones lost, on any seed
    """

    right: int = 0
    wrong: int = 0
    seeds: int = 0
    seeds_of_others: int = 0
    lost: list[str] = field(default_factory=list)
    tests: dict[str, Margin] = field(default_factory=dict)


def measure(
    assignment: Assignment, seeds: int, on_progress: Listener, only: Sequence[str] = ()
) -> Certificate:
    """Grade everything that is known, on many seeds and in both dtypes.

    only  these questions; of the others, what was measured before is kept. KitError where that
          was on other seeds
    """
    earlier = read(assignment) if only else None
    if only and (earlier is None or earlier.seeds != seeds):
        raise KitError(str(FILE), f"it does not hold the other questions, measured on {seeds} seeds",
                       "measure all, or as many seeds as it has")  # fmt: skip
    others = max(1, seeds // OTHERS)
    found = Certificate(seeds=seeds, seeds_of_others=others)
    with tempfile.TemporaryDirectory() as name, Pool(assignment) as pool:
        folder = Path(name)
        wrong = list(quality.wrong_jobs(assignment, folder, range(others)))
        right = list(quality.right_jobs(assignment, folder, range(seeds)))
        names = {job.name for job in right}
        found.right, found.wrong = len(names), len({job.name for job in wrong})
        jobs = [
            *right,
            *wrong,
            *quality.right_jobs(assignment, folder, range(others), double=True),
            *quality.wrong_jobs(assignment, folder, range(others), double=True),
        ]
        if only:
            asked = ([q for q in job.questions if q in only] for job in jobs)
            jobs = [replace(job, questions=names) for job, names in zip(jobs, asked) if names]
        for done, (job, report) in enumerate(pool.grade(jobs), 1):
            add(found, job.name, job.seed, report, job.name in names, job.double)
            on_progress(done, len(jobs), "grading on many seeds, in both dtypes")
    if earlier is not None:
        found.tests |= {t: m for t, m in earlier.tests.items() if t.split(".")[0] not in only}
        found.lost += [line for line in earlier.lost if not _is_of(line, only)]
    return found


def _is_of(line: str, questions: Sequence[str]) -> bool:
    return any(f": {question}." in line for question in questions)


def add(
    found: Certificate, name: str, seed: int, report: Report, is_right: bool, double: bool = False
) -> None:
    """Take what one grading says into the certificate."""
    dtype = "float64" if double else "float32"
    for question in report.questions:
        for outcome in question.outcomes:
            if is_right and not double and outcome.share < 1:
                found.lost.append(f"{name}, seed {seed}: {outcome.test}  {outcome.title}")
            margin = found.tests.setdefault(outcome.test, Margin(outcome.title))
            error = min(outcome.error, MOST)
            side = Side(float(f"{error:.3g}"), name, seed)
            if error > 1:
                if error < margin.fails.get(dtype, Side(math.inf)).error:
                    margin.fails[dtype] = side
            elif error > 0 and error > margin.passes.get(dtype, Side(0.0)).error:
                margin.passes[dtype] = side


def near(tests: Mapping[str, Margin], excused: Iterable[Excused]) -> list[str]:
    """Name the tests whose tolerance is nearer than a factor of ten to an error, but for excuses."""
    excuses = {excuse.test: excuse for excuse in excused}
    found = []
    for test, margin in tests.items():
        excuse = excuses.get(margin.title, Excused(test=margin.title, because=""))
        for sides in (margin.passes, margin.fails):
            for dtype, side in sides.items():
                if excuse.passes_up_to < side.error < excuse.fails_from:
                    found.append(
                        f"{test}  {margin.title}: {side.submission!r} with seed {side.seed} in {dtype} "
                        f"has an error of {side.error:g} tolerances"
                    )
    return found


def of_reports(measured: Quality, seed: int) -> Certificate:
    """Return what one grading of everything says."""
    found = Certificate(len(measured.right), len(measured.wrong), 1)
    for judged in measured.wrong:
        add(found, judged.slip.id, seed, judged.report, is_right=False)
    for name, report in measured.right:
        add(found, name, seed, report, is_right=True)
    return found


def write(certificate: Certificate, assignment: Assignment) -> None:
    """Keep the certificate beside the corpora."""
    certificate.tests = dict(sorted(certificate.tests.items(), key=lambda item: _number(item[0])))
    write_json(asdict(certificate), assignment.root / FILE)


def read(assignment: Assignment) -> Certificate | None:
    """Return the certificate there is."""
    path = assignment.root / FILE
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    tests = {
        test: Margin(
            entry["title"],
            {dtype: Side(**side) for dtype, side in entry["passes"].items()},
            {dtype: Side(**side) for dtype, side in entry["fails"].items()},
        )
        for test, entry in content.pop("tests").items()
    }
    return Certificate(**content, tests=tests)


def excused(assignment: Assignment) -> list[Excused]:
    """Return the tests that have a reason to be near. Raises KitError."""
    path = assignment.root / EXCUSES
    if not path.exists():
        return []
    try:
        entries = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or []
        return [Excused.model_validate(entry) for entry in entries]
    except (YAMLError, ValidationError) as error:
        raise KitError(str(EXCUSES), f"cannot be read: {error}",
                       "give test, passes_up_to or fails_from, and because") from None  # fmt: skip


def _number(test: str) -> tuple[int, ...]:
    return tuple(int(part) for part in test.removeprefix("q").split("."))
