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
HIDDEN = (
    "Hidden checks (other sizes, several channels, what must raise an error) are graded after you "
    "hand in."
)


def summary(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary. `assignment` holds the questions' titles and points."""
    if not outcomes:
        return
    yield ""
    for question in dict.fromkeys(outcome.question for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.question == question]
        yield from _question(own, assignment.get(question, {}).get("title", ""))
    earned, total = _points(outcomes, assignment)
    yield ""
    yield f"visible checks: {earned:.3g} of {total:.3g} points.  {HIDDEN}"


def next_step(outcomes: Sequence[Outcome], assignment: Mapping[str, Any]) -> str:
    """Return the line that says what to do now."""
    run = list(dict.fromkeys(outcome.question for outcome in outcomes))
    names = list(assignment)
    later = names[names.index(run[-1]) + 1 :] if run and run[-1] in names else []
    open_ones = [o.question for o in outcomes if o.verdict is not Verdict.PASSED]
    for name in [*open_ones, *later][:1]:
        title = assignment.get(name, {}).get("title", "")
        return f"next: {name}  {title}. Its checks alone: pytest -k {name}"
    return "next: python train.py, and hand in." if run else ""


def changed_files(names: Sequence[str]) -> Iterator[str]:
    """Yield what to know where given files are not as they were."""
    if names:
        shown = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
        yield f"changed or missing: {shown}. Grading uses these files as they were handed out."


def _question(outcomes: Sequence[Outcome], title: str) -> Iterator[str]:
    passed = sum(outcome.verdict is Verdict.PASSED for outcome in outcomes)
    start = f"{outcomes[0].question}  {title:<28}  "
    if {outcome.verdict for outcome in outcomes} == {Verdict.NOT_STARTED}:
        yield f"{start}not started: {outcomes[0].message}"
    elif passed == 0 and (once := said_once(outcomes)):
        yield f"{start}0 of {len(outcomes)} visible checks pass"
        yield from _indented(once, 6)
    else:
        yield f"{start}{passed} of {len(outcomes)} visible checks pass"
        for outcome in outcomes:
            if outcome.verdict is not Verdict.PASSED:
                yield f"    {WORDS[outcome.told]}  {outcome.test}  {outcome.claim}"
                details = outcome.details if outcome.verdict is Verdict.OUR_FAULT else ""
                last = "\n".join(details.splitlines()[-LAST_LINES:])
                yield from _indented(f"{outcome.message}\n{last}".strip(), 10)


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
