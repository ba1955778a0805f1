"""Prove that skeleton, solution, tests and points agree: the promises that `autograder check` prints."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import TRAINED
from autograder.grading import suite
from autograder.grading.grade import Grader
from autograder.grading.report import Report
from autograder.handout import regions, skeleton
from autograder.isolation.remote import Call, CallListener
from autograder.isolation.workers import Listener
from autograder.proof import (
    blindspots,
    calibrate,
    corpus,
    handbook,
    quality,
    received,
    tolerances,
)
from autograder.proof.leaks import leaks
from autograder.proof.pasted import searching
from autograder.proof.quality import A_FIFTH, Quality
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

SHORTEST = 12  # characters: a shorter line of the solution gives nothing away
SEED = 20
LEAST_NAMED = 0.9  # of the well-known mistakes that the visible checks see
TELLING_SEED = 741_852_963  # a number that stands in no message by chance
JUDGED = ("verdict", "share", "message")  # what the same seed must give again
READERS = ("finding/", "whispering/")  # hostile files that only read: harmless even if they won


@dataclass(frozen=True)
class Promise:
    """One line of the check."""

    number: int
    text: str
    kept: bool
    note: str = ""
    problems: tuple[str, ...] = ()
    told: tuple[str, ...] = ()  # what is worth reading though it is kept


def promises(
    assignment: Assignment,
    training: bool = True,
    on_progress: Listener | None = None,
    write: bool = False,
) -> Iterator[Promise]:
    """Yield each promise as soon as it is known whether it holds.

    training  False leaves out the question that trains
    write     first write the generated parts of README.md and docs/ anew
    """
    yield generated(assignment)
    yield no_solution_line(assignment, on_progress)
    questions = [name for name in assignment.questions if training or name != TRAINED]
    with Grader(assignment) as grader:
        yield skeleton_earns_nothing(grader, questions)
        calls: list[Call] = []
        yield solution_earns_everything(grader, questions, calls.append)
        measured = quality.measure(assignment, TELLING_SEED, on_progress)
        if write:
            handbook.write(assignment, measured)
        yield every_mistake_costs_its_question(measured)
        yield tests_and_questions(assignment)
        yield nothing_hidden_shows(grader, measured, on_progress)
        yield mistakes_are_named(measured)
        yield no_blind_spot(assignment, calls)
        yield tolerances_are_far(assignment, measured)
        yield bars_can_be_reached(assignment)
        yield pages_are_fresh(assignment, measured)
        yield nothing_received_earns(grader, questions, calls, on_progress)
        yield common_ones_are_seen_at_home(measured)


def generated(assignment: Assignment) -> Promise:
    """Promise 1: student/ is what would be generated now."""
    found = skeleton.differences(assignment)
    text = "student/ is what solution/ generates"
    return Promise(1, text, not found, "run `autograder student`" if found else "", tuple(found))


def no_solution_line(assignment: Assignment, on_progress: Listener | None = None) -> Promise:
    """Promise 2: no line that students are to write is in student/, and no function to paste."""
    secret = solution_lines(assignment)
    found = []
    for path in sorted(assignment.student.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".md", ".txt", ".ipynb", ".ini", ".json"):
            name = path.relative_to(assignment.root).as_posix()
            found += [f"{name}, line {n}: {line}" for n, line in telling_lines(_text(path), secret)]
    searched = searching.search(assignment, on_progress)
    found += searched.lines
    text = "no solution line can be read in student/, and no function there gives an answer"
    note = f"{len(secret)} lines looked for, {searched.called} functions called"
    return Promise(2, text, not found, note, tuple(found))


def _text(path: Path) -> str:
    """Return a file's text; of a notebook, that of its cells, as it is read and not as JSON has it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def telling_lines(text: str, secret: Container[str]) -> Iterator[tuple[int, str]]:
    """Yield number and content of the lines in a text that are secret, wherever they are indented."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() in secret:
            yield number, line.strip()


def solution_lines(assignment: Assignment) -> set[str]:
    """Return the lines inside regions that are long enough and not also given outside them."""
    inside: set[str] = set()
    given: set[str] = set()
    for name in assignment.settings.files:
        text = (assignment.solution / name).read_text(encoding="utf-8")
        inside |= {line.strip() for region in regions.regions(text) for line in region.lines}
        given |= {
            line.strip()
            for line in regions.stub(text, name, set(assignment.questions)).splitlines()
        }
    return {line for line in inside - given if len(line) >= SHORTEST and not line.startswith("#")}


def skeleton_earns_nothing(grader: Grader, questions: list[str]) -> Promise:
    """Promise 3: the untouched skeleton earns 0, and every question says that it is not started."""
    report = grader.grade(grader.assignment.student, questions, SEED)
    found = [
        f"{question.id} earns {question.points:g} and says {question.verdict.value!r}"
        for question in report.questions
        if question.points or question.verdict is not Verdict.NOT_STARTED
    ]
    text = "the skeleton earns 0, and every question says TODO"
    return Promise(3, text, not found, problems=tuple(found))


def solution_earns_everything(
    grader: Grader, questions: list[str], on_call: CallListener | None = None
) -> Promise:
    """Promise 4: the solution earns all points, twice alike."""
    solution = grader.assignment.solution
    reports = [grader.grade(solution, questions, SEED, on_call=on_call) for _ in range(2)]
    found = [line for report in reports for line in _lost(report)]
    if not found:
        found = differences(*reports)
    text = f"the solution earns all {reports[0].max_points:g} points, twice alike"
    return Promise(4, text, not found, problems=tuple(found))


def _lost(report: Report) -> list[str]:
    return [
        f"{outcome.test}  {outcome.title}: {outcome.verdict.value}"
        for question in report.questions
        for outcome in question.outcomes
        if outcome.verdict is not Verdict.PASSED
    ] + ([report.details] if report.details else [])


def differences(first: Report, second: Report) -> list[str]:
    """Return the tests that two gradings with one seed do not judge alike, and in what they differ."""
    before, after = _by_test(first), _by_test(second)
    found = []
    for test in dict.fromkeys([*before, *after]):
        if test not in before or test not in after:
            found.append(
                f"{test}  is in one of two runs with seed {first.seed}, and not in the other"
            )
            continue
        told = [(name, getattr(before[test], name), getattr(after[test], name)) for name in JUDGED]
        found += [
            f"{test}  {before[test].title}: with seed {first.seed} twice, the {name} was "
            f"{_shown(one)}, then {_shown(other)}"
            for name, one, other in told
            if one != other
        ]
    if first.accuracy != second.accuracy:
        found.append(f"the accuracy was {first.accuracy}, then {second.accuracy}")
    return found


def _by_test(report: Report) -> dict[str, Outcome]:
    return {outcome.test: outcome for q in report.questions for outcome in q.outcomes}


def _shown(value: object) -> str:
    return repr(value.value if isinstance(value, Verdict) else value)


def every_mistake_costs_its_question(measured: Quality) -> Promise:
    """Promise 5: every known mistake costs its own question and no other, and nothing right does."""
    found = [line for judged in measured.wrong for line in judged.problems]
    found += measured.false_fails
    text = (
        f"each of {len(measured.wrong)} known mistakes costs its question, and only it; "
        f"{len(measured.right)} right submissions lose nothing"
    )
    return Promise(5, text, not found, measured.scores, tuple(found))


def mistakes_are_named(measured: Quality) -> Promise:
    """Promise 8: most well-known mistakes are named, where a student sees them before handing in."""
    named, known = measured.named, len(measured.known)
    kept = named >= LEAST_NAMED * known
    found = [f"{one.slip.slip!r} ({one.slip.id}) is not named" for one in measured.unnamed]
    text = "a student who makes a well-known mistake is told which"
    return Promise(8, text, kept, f"{named} of {known}", () if kept else tuple(found))


def common_ones_are_seen_at_home(measured: Quality) -> Promise:
    """Promise 14: who makes a common mistake that costs a fifth of its question sees it at home."""
    common = [one for one in measured.wrong if one.slip.common == "common"]
    lines = [
        f"{'seen at home ' if one.visible else 'NOT AT HOME  '} {one.slip.costs}  {one.slip.slip} "
        f"({one.share:.0%} of the question)"
        for one in common
    ]
    found = [
        f"{one.slip.slip!r} ({one.slip.id}) costs {one.share:.0%} of {one.slip.costs}, and no visible "
        "check sees it"
        for one in common
        if not one.visible and one.share >= A_FIFTH - 1e-9
    ]
    text = "common mistakes that cost a fifth or more are seen at home"
    note = f"{sum(one.visible for one in common)} of {len(common)} common ones"
    return Promise(14, text, not found, note, tuple(found), tuple(lines))


def no_blind_spot(assignment: Assignment, calls: Iterable[Call]) -> Promise:
    """Promise 9: the tests try every input without which a common mistake stays unseen."""
    sights = blindspots.sights(assignment)
    found = blindspots.blind(sights, calls, assignment.questions)
    text = "the tests try every kind of input that shows a mistake"
    return Promise(9, text, not found, f"{len(sights)} kinds", tuple(found))


def tolerances_are_far(assignment: Assignment, measured: Quality) -> Promise:
    """Promise 10: nothing known comes near a tolerance, neither now nor in the certificate."""
    excused = tolerances.excused(assignment)
    found = tolerances.near(tolerances.of_reports(measured, TELLING_SEED).tests, excused)
    certificate = tolerances.read(assignment)
    note = "run `autograder calibrate --tolerances`"
    if certificate is None:
        found.append(f"there is no {tolerances.FILE}")
    else:
        found += certificate.lost + tolerances.near(certificate.tests, excused)
        titles = {margin.title for margin in certificate.tests.values()}
        tests = [o for o in suite.collected(assignment) if o.question != TRAINED]
        found += [f"{o.test}  {o.title}: not measured" for o in tests if o.title not in titles]
        note = f"measured on {certificate.seeds} seeds" if not found else note
    text = "no tolerance is near to what is right or to what is wrong"
    return Promise(10, text, not found, note, tuple(found))


def bars_can_be_reached(assignment: Assignment) -> Promise:
    """Promise 11: right submissions reach the accuracy bars all but once in a million times."""
    runs = list(calibrate.Runs(assignment.root / calibrate.FILE))
    found = calibrate.too_high(assignment, runs)
    text = "right submissions reach the accuracy bars"
    note = "run `autograder calibrate`" if found else f"{sum(len(r.accuracy) for r in runs)} runs"
    return Promise(11, text, not found, note, tuple(found))


def pages_are_fresh(assignment: Assignment, measured: Quality) -> Promise:
    """Promise 12: the figures in README.md and docs/grading.md are those of now."""
    found = handbook.stale(assignment, measured)
    text = "README.md and docs/grading.md show these figures"
    note = "run `autograder check --write`" if found else ""
    return Promise(12, text, not found, note, tuple(found))


def nothing_received_earns(
    grader: Grader,
    questions: list[str],
    calls: Iterable[Call],
    on_progress: Listener | None = None,
) -> Promise:
    """Promise 13: no text that a worker is given, or holds, would earn a point as a submission."""
    found = []
    parcels = list(received.submissions(grader.assignment, calls))
    for count, (name, parcel) in enumerate(parcels, 1):
        if on_progress is not None:
            on_progress(count, len(parcels), "grading what a worker receives")
        report = grader.grade(parcel, questions, SEED)
        found += [f"{name}: {q.points:g} points of {q.id}" for q in report.questions if q.points]
    text = "nothing that a student's process receives earns a point when it is handed in"
    return Promise(13, text, not found, f"{len(parcels)} texts graded", tuple(found))


def nothing_hidden_shows(
    grader: Grader, measured: Quality, on_progress: Listener | None = None
) -> Promise:
    """Promise 7: what students see holds no line, answer, path or seed of the hidden tests.

    It is looked for in the reports of the skeleton, of every known mistake, and of the hostile files
    that look for it or pass it on. They are graded as ever: a worker can do no harm.
    """
    found: list[str] = []
    count = 0
    for name, report in _telling_reports(grader, measured, on_progress):
        count += 1
        found += [f"{name}: {leak}" for leak in leaks(report, grader.assignment)]
    text = "nothing hidden can be read in what students see"
    return Promise(7, text, not found, f"{count} reports searched", tuple(dict.fromkeys(found)))


def _telling_reports(
    grader: Grader, measured: Quality, on_progress: Listener | None
) -> Iterator[tuple[str, Report]]:
    assignment = grader.assignment
    questions = [name for name in assignment.questions if name != TRAINED]
    yield "the skeleton", grader.grade(assignment.student, questions, TELLING_SEED)
    yield from ((judged.slip.slip, judged.report) for judged in measured.wrong)
    attacks = [one for one in corpus.attacks(assignment) if one.name.startswith(READERS)]
    for count, attack in enumerate(attacks, 1):
        if on_progress is not None:
            on_progress(count, len(attacks), "grading hostile files that read")
        with tempfile.TemporaryDirectory() as folder:
            corpus.lay_out_attack(attack, assignment, Path(folder))
            yield attack.name, grader.grade(Path(folder), questions, TELLING_SEED)


def tests_and_questions(assignment: Assignment) -> Promise:
    """Promise 6: every question has tests, visible ones among them, and all points are shared out."""
    totals = suite.weights(assignment)
    found = [f"{name} has no test with a weight" for name, total in totals.items() if not total]
    for name in assignment.questions:
        if not list(assignment.test_folders[0].glob(f"test_{name}_*.py")):
            found.append(f"{name} has no visible test")
    shared = sum(
        Fraction(str(q.points)) for name, q in assignment.questions.items() if totals[name]
    )
    if shared != Fraction(str(assignment.points)):
        found.append(f"only {float(shared):g} of {assignment.points:g} points can be earned")
    text = "every question in grading.yml has tests, and every test a question"
    return Promise(6, text, not found, problems=tuple(found))
