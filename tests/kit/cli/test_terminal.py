"""What the terminal, or a log in its place, is told of long work and of a class."""

import io
import threading
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from autograder.classroom.book.ledger import Row, Status
from autograder.cli import terminal
from kit.workbench import PATIENCE


class Log(io.StringIO):
    """A file that tells when something has been written into it."""

    def __init__(self):
        super().__init__()
        self.written = threading.Event()

    def write(self, text):
        super().write(text)
        if "5 of 300" in text:
            self.written.set()
        return len(text)


def test_a_log_gets_a_line_now_and_then_with_how_far_it_is():
    log = Log()
    with terminal._as_lines(Console(file=log), every=0.01) as on_step:
        on_step(5, 300, "5 graded, 12 a minute, about 25 minutes left")
        assert log.written.wait(PATIENCE)
    lines = log.getvalue().splitlines()
    assert lines[-1] == "5 of 300: 5 graded, 12 a minute, about 25 minutes left"
    assert "\r" not in log.getvalue()
    assert "\x1b" not in log.getvalue()


def test_what_is_done_at_once_leaves_no_line_in_a_log(capsys):
    with terminal.shown_steps(tell_left=False) as on_step:
        on_step(1, 1, "1 graded")
    assert capsys.readouterr().err == ""


def said_of(*rows, **counts):
    text = io.StringIO()
    known = {"graded": 3, "kept": 0, "partly": {}, "left_out": (), "decisions": ()} | counts
    done = SimpleNamespace(batch=SimpleNamespace(rows=rows), **known)
    terminal.show_class(done, Path("out"), Console(file=text))
    return text.getvalue()


def test_of_whom_a_few_questions_were_graded_anew_is_told():
    again = " graded now, everything else of theirs taken from earlier runs."
    said = said_of(graded=300, partly={("q6",): 300})
    assert f"q6 of 300 submissions{again}" in said
    assert "300 graded" not in said
    said = said_of(graded=6, kept=2, partly={("q5", "q7"): 1, ("q6",): 3})
    assert "2 graded now, 2 taken from earlier runs." in said
    assert f"q5, q7 of 1 submission{again}" in said


def row(name, key, status=Status.GRADED):
    return Row(name, name, name, name, status, True, key=key)


def test_who_has_handed_in_the_same_as_another_is_told_apart():
    said = said_of(row("a", "x"), row("b", "y"), row("c", "x"), row("d", "z"))
    assert "4 submissions: 3 graded, 1 the same as another." in said
    assert "3 graded now" in said
    empty = [row(f"e{n}", "none", Status.REFUSED) for n in range(3)]
    assert "4 submissions: 1 graded, 3 not readable." in said_of(row("a", "x"), *empty)
