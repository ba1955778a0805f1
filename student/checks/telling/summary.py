"""What a student reads after `pytest`: one line a question, failed checks in full, the visible score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.telling.outcome import Outcome, said_once
from checks.telling.wording import Verdict

WORDS = {
    Verdict.FAILED: "FAIL",
    Verdict.PARTLY: "PART",
    Verdict.NOT_REACHED: "----",
    Verdict.NOT_STARTED: "TODO",
    Verdict.OUR_FAULT: "OUR FAULT",
}
LAST_LINES = 6  # of a fault of ours
MOST_NAMES = 3
HIDDEN = "Hidden checks are graded after you hand in"


def summary(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary.

    assignment   of each question: its title, its points, how many visible checks it has, and what
                 its hidden ones look at
    """
    if not outcomes:
        return
    yield ""
    for question in dict.fromkeys(outcome.question for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.question == question]
        left = _not_run(question, outcomes, assignment)
        yield from _question(own, assignment.get(question, {}).get("title", ""), left)
    earned, total = _points(outcomes, assignment)
    ahead = list(_ahead(outcomes, assignment))
    yield ""
    yield f"visible checks: {earned:.3g} of {total:.3g} points.  {HIDDEN}{':' if ahead else '.'}"
    yield from ahead


def _ahead(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> Iterator[str]:
    """Yield what hidden checks look at, of each question whose visible ones were all run and pass."""
    open_ones = {o.question for o in outcomes if o.verdict is not Verdict.PASSED}
    for name in dict.fromkeys(outcome.question for outcome in outcomes):
        words = assignment.get(name, {}).get("hidden_checks", "")
        if words and name not in open_ones and not _not_run(name, outcomes, assignment):
            yield f"    hidden {name}: {words}"


def _not_run(question: str, outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> int:
    """Return how many visible checks of a question were left out of this run."""
    there: int = assignment.get(question, {}).get("visible_checks", 0)
    return max(0, there - sum(outcome.question == question for outcome in outcomes))


def next_step(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> str:
    """Return the line that says what to do now."""
    run = list(dict.fromkeys(outcome.question for outcome in outcomes))
    names = list(assignment)
    later = names[names.index(run[-1]) + 1 :] if run and run[-1] in names else []
    open_ones = [o.question for o in outcomes if o.verdict is not Verdict.PASSED]
    parts = [name for name in run if _not_run(name, outcomes, assignment)]
    if parts and not open_ones:
        return f"next: the other checks of {parts[0]}: pytest -k {parts[0]}"
    for name in [*open_ones, *later][:1]:
        title = assignment.get(name, {}).get("title", "")
        return f"next: {name}  {title}. Its checks alone: pytest -k {name}"
    return "next: python train.py, and hand in." if run else ""


def changed_files(names: Sequence[str]) -> Iterator[str]:
    """Yield what to know where given files are not as they were."""
    if names:
        shown = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
        yield f"changed or missing: {shown}. Grading uses these files as they were handed out."


def _question(outcomes: Sequence[Outcome], title: str, left: int) -> Iterator[str]:
    passed = sum(outcome.verdict is Verdict.PASSED for outcome in outcomes)
    start = f"{outcomes[0].question}  {title:<28}  "
    count = f"{passed} of {len(outcomes)} visible checks pass{f' ({left} not run)' if left else ''}"
    in_full = outcomes[0].verdict is Verdict.FAILED  # with the title of what failed
    if {outcome.verdict for outcome in outcomes} == {Verdict.NOT_STARTED}:
        yield f"{start}not started: {outcomes[0].message}"
    elif passed == 0 and not in_full and (once := said_once(outcomes)):
        yield f"{start}{count}"
        yield from _indented(once, 6)
    else:
        yield f"{start}{count}"
        for alike in _grouped(outcomes):
            yield from _failure(alike)


def _grouped(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    """Yield what did not pass; what is not reached for one reason, together."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.verdict is not Verdict.PASSED:
            once = outcome.verdict is Verdict.NOT_REACHED
            groups.setdefault(outcome.message if once else outcome.test, []).append(outcome)
    yield from groups.values()


def _failure(alike: Sequence[Outcome]) -> Iterator[str]:
    first, tests = alike[0], ", ".join(outcome.test for outcome in alike)
    start = f"    {WORDS[first.told]}  {tests}  "
    if first.verdict is Verdict.NOT_REACHED and "\n" not in first.message:
        yield f"{start}{first.message}"
        return
    yield f"{start}{first.claim}"
    details = first.details if first.verdict is Verdict.OUR_FAULT else ""
    last = "\n".join(details.splitlines()[-LAST_LINES:])
    yield from _indented(f"{first.message}\n{last}".strip(), 10)


def _indented(text: str, by: int) -> Iterator[str]:
    for line in text.splitlines():
        yield f"{' ' * by}{line}".rstrip()


def _points(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> tuple[float, float]:
    earned = total = 0.0
    for outcome in outcomes:
        points = assignment.get(outcome.question, {}).get("points_per_weight", 1.0)
        earned += points * outcome.weight * outcome.share
        total += points * outcome.weight
    return earned, total
