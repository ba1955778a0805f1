"""Write a report as plain text: what the terminal shows, and a student's feedback.txt holds."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.formats.seen import Seen, When, view
from autograder.grading.report import QuestionResult, Report
from checks.telling import wording
from checks.telling.outcome import Outcome, said_once
from checks.telling.wording import Verdict


def show(report: Report, console: Console, when: When | None = None) -> None:
    """Print what the tests say, then the table of questions and points.

    when  leave out what grading.yml keeps from students then, and what is for teachers
    """
    for line in (*filter(None, [report.message]), *report.notes):
        console.print(Text(line), soft_wrap=True)
    shown = view(report, when)
    for question in shown.questions:
        if report.is_judged:
            _show_question(question, console)
    table = Table("question", "", "verdict", "points", "of", box=None, pad_edge=False)
    table.columns[3].justify = table.columns[4].justify = "right"
    for q in shown.questions:
        title = Text(q.result.question.title)
        table.add_row(q.result.id, title, q.verdict, f"{round(q.points, 2):g}", f"{q.most:g}")
    table.add_section()
    table.add_row("all", "", "", f"{round(shown.points, 2):g}", f"{shown.most:g}")
    console.print(table)
    for line in shown.kept_back:
        console.print(Text(line), soft_wrap=True)
    replay = f"The inputs were drawn with seed {report.seed}; --seed {report.seed} replays them."
    console.print(Text(f"{replay} {report.seconds:.1f} s."), soft_wrap=True)
    if report.details and when is None:
        console.print(Text("\nWhat failed on our side:\n" + report.details), soft_wrap=True)


def _show_question(seen: Seen, console: Console) -> None:
    """Print what did not pass; where everything ended alike, once, and what was not run, together."""
    question, outcomes = seen.result, seen.outcomes
    once = said_once(outcomes) if question.outcomes else question.message
    if once:
        verdict = question.verdict if not outcomes else outcomes[0].told
        start = f"{verdict.value}: "
        if once == wording.STOPPED_BEFORE or once.lower().startswith(start):  # it says so itself
            start = ""
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
