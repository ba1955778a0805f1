"""Tell GitHub Classroom the points of the questions that the steps before it have graded."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.assignment.config import Assignment, load
from checks.telling.wording import Verdict

NOT_KNOWN = (
    "No points are told: {names} could not be graded to the end. Students: this is not your fault. "
    "Teachers: the log of the step has the reason; run this again."
)


def main() -> None:
    """Read what the questions' steps have left, write the summary, print what Classroom reads."""
    assignment = load(Path(__file__).resolve().parents[3])
    earned = points(assignment, Path(os.environ["RUNNER_TEMP"]) / "results")
    missing = [name for name in assignment.questions if name not in earned]
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(table(assignment, earned))
    if missing:
        told = NOT_KNOWN.format(names=", ".join(missing))
        sys.stdout.write(f"::error title=Autograding did not come to its end::{told}\n")
        sys.exit(1)
    most = sum(question.points for question in assignment.questions.values())
    sys.stdout.write(notices(sum(earned.values()), most))


def points(assignment: Assignment, results: Path) -> dict[str, float]:
    """Return the points of every question that was graded to its end."""
    earned = {}
    for name in assignment.questions:
        try:
            content = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
            judged = content["extra_data"]["questions"][name]
        except (OSError, ValueError, KeyError):
            continue
        if judged["verdict"] != Verdict.OUR_FAULT.value:
            earned[name] = float(judged["points"])
    return earned


def notices(earned: float, most: float) -> str:
    """Return the two annotations that Classroom looks for in a run."""
    earned, most = (_number(points) for points in (earned, most))
    report = json.dumps({"totalPoints": earned, "maxPoints": most})
    return (
        f"::notice title=Autograding complete::Points {earned}/{most}\n"
        f"::notice title=Autograding report::{report}\n"
    )


def _number(points: float) -> float:
    """Return a sum of points as people write it: 12.5, and 100 without a part behind it."""
    whole = round(points, 6)
    return int(whole) if whole == int(whole) else whole


def table(assignment: Assignment, earned: Mapping[str, float]) -> str:
    """Return the questions and their points, in Markdown."""
    lines = ["| question | points | of |", "|---|---:|---:|"]
    for name, question in assignment.questions.items():
        told = f"{earned[name]:g}" if name in earned else "not known"
        title = question.title.replace("|", r"\|")
        lines.append(f"| {name}  {title} | {told} | {question.points:g} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
