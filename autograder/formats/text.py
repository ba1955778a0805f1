"""Write a report as plain text: what the terminal shows, and a student's feedback.txt holds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.formats.gradescope import seen_by_student
from autograder.grading.report import QuestionResult, Report
from checks.telling import wording
from checks.telling.outcome import Outcome, said_once
from checks.telling.wording import Verdict


def show(report: Report, console: Console, as_student: bool = False) -> None:
    """Print what the tests say, then the table of questions and points.

    as_student  leave out what grading.yml keeps from students, and what is for teachers
    """
    for line in (*filter(None, [report.message]), *report.notes):
        console.print(Text(line), soft_wrap=True)
    for question in report.questions:
        if report.is_judged:
            outcomes = seen_by_student(question) if as_student else question.outcomes
            _show_question(question, outcomes, console)
    table = Table("question", "", "verdict", "points", "of", box=None, pad_edge=False)
    table.columns[3].justify = table.columns[4].justify = "right"
    for q in report.questions:
        table.add_row(
            q.id,
            Text(q.question.title),
            q.verdict.value,
            f"{round(q.points, 2):g}",
            f"{q.question.points:g}",
        )
    table.add_section()
    table.add_row("all", "", "", f"{round(report.points, 2):g}", f"{report.max_points:g}")
    console.print(table)
    replay = f"The inputs were drawn with seed {report.seed}; --seed {report.seed} replays them."
    console.print(Text(f"{replay} {report.seconds:.1f} s."), soft_wrap=True)
    if report.details and not as_student:
        console.print(Text("\nWhat failed on our side:\n" + report.details), soft_wrap=True)


def _show_question(question: QuestionResult, outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what did not pass; where everything ended alike, once, and what was not run, together."""
    once = said_once(outcomes) if question.outcomes else question.message
    if once:
        verdict = question.verdict if not outcomes else outcomes[0].told
        start = "" if once == wording.STOPPED_BEFORE else f"{verdict.value}: "
        console.print(Text(f"{question.id}  {start}{once}\n"), soft_wrap=True)
        return
    rest = [outcome.test for outcome in outcomes if outcome.message == wording.STOPPED_BEFORE]
    for outcome in outcomes:
        told = outcome.verdict is not Verdict.PASSED or outcome.message or outcome.details
        if told and outcome.test not in rest:
            _show_outcome(question, outcome, console)
    if rest:
        console.print(Text(f"{', '.join(rest)}  {wording.STOPPED_BEFORE}\n"), soft_wrap=True)


def _show_outcome(question: QuestionResult, outcome: Outcome, console: Console) -> None:
    score, most = question.points_of(outcome)
    hidden = "  (hidden)" if outcome.hidden else ""
    console.print(
        Text(f"{outcome.test}  {outcome.title}{hidden}    {score:.3g} of {most:.3g}"),
        soft_wrap=True,
    )
    if outcome.verdict in (Verdict.NOT_STARTED, Verdict.OUR_FAULT):
        console.print(Text(f"      {outcome.verdict.value}: {outcome.message}"), soft_wrap=True)
    else:
        for line in outcome.message.splitlines():
            console.print(Text(f"      {line}"), soft_wrap=True)
    if outcome.details:  # the numbers that a hidden test's message leaves out
        console.print("      In full, for instructors:")
        for line in outcome.details.splitlines():
            console.print(Text(f"        {line}"), soft_wrap=True)
    console.print()
