"""Source texts that replace the earlier questions while a later one is tested.

They travel to the student's process as text and run there, where they can be read. So none of them
solves a question, or a part of one; a test that needs what they compute runs them on its own side.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checks.code.loading import Submission

FOLDER = Path(__file__).resolve().parent


def source(name: str) -> str:
    """Return the text of a stand-in."""
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def install(submission: Submission, module: str, name: str, text: str) -> Callable[[], None]:
    """Put a stand-in in the place of the student's `name`; return what undoes it."""
    namespace: dict[str, object] = {"__name__": f"stand_in_{name}"}
    exec(compile(text, f"<stand-in for {name}>", "exec"), namespace)
    before = submission.replace(module, name, namespace[name])

    def undo() -> None:
        namespace_of_student = vars(submission.module(module))
        for alias, value in before.items():
            if value is None:
                namespace_of_student.pop(alias, None)
            else:
                namespace_of_student[alias] = value

    return undo
