"""Every sentence that tells a student how a test ended, apart from a comparison that failed."""

from __future__ import annotations

import builtins
import enum
import re
import sys
from collections.abc import Sequence

from checks.telling.failures import CheckFailed, Frame, StudentError, kind_returned


class Verdict(enum.Enum):
    """The ways a test ends; a question, or a test that gives parts, may also be earned partly."""

    PASSED = "passed"
    PARTLY = "partly"  # told where some of the points are earned; no test is recorded with it
    FAILED = "failed"
    NOT_REACHED = "not reached"  # what it builds on fails, or the file cannot be used at all
    NOT_STARTED = "not started"
    OUR_FAULT = "our fault"


OUR_FAULT = (
    "The grader failed here, not you. Your teacher can see the details and will run it again."
)

NOT_RUN = "The grading has begun and did not come to its end: nothing was judged yet."
NOT_FINISHED = "The grading did not come to its end. What was not run is no fault of yours."
STOPPED_BEFORE = "Not run: the grading was stopped before this check. That is no fault of yours."
NOT_COUNTED = "No points yet: this counts once another check of the question passes."


def counts_beside(test: str) -> str:
    return f"No points yet: code that computes nothing would do this, too. It counts once {test} passes."


def explain(error: BaseException, question: str = "") -> tuple[Verdict, str]:
    """Return the verdict on a test that ended with this exception, and what the student reads.

    question   of the test, "" where there is none
    """
    if isinstance(error, CheckFailed):
        return Verdict.FAILED, str(error)
    if isinstance(error, StudentError):
        if _is_not_started(error, question):
            return Verdict.NOT_STARTED, not_started(error)
        verdict = Verdict.NOT_REACHED if error.is_of_the_file else Verdict.FAILED
        return verdict, _student_error(error)
    return Verdict.OUR_FAULT, OUR_FAULT


def too_little_of(question: str, share: float) -> str:
    return (
        f"Not reached: this counts for a model that earns at least half of {question}. Yours earns "
        f"{share:.0%} of it."
    )


def fails_first(test: str) -> str:
    return f"Not reached: {test} fails first."


def explain_hidden(error: StudentError, question: str) -> str:
    """Return what the student reads of an error in a hidden test: its type and its line alone.

    The code has seen what is hidden, and chooses what it raises: every word that it may choose could
    tell of it. A name of Python's own and one line are what is left.
    """
    if _is_not_started(error, question):  # which of the stubs, and where, would be a choice
        return (
            f"Your file still raises {f'TODO {question}' if error.todo == question else 'a TODO'}."
        )
    place = error.frames[-1:]
    if error.kind in PROCESS:  # these words are ours
        return _student_error(StudentError(error.kind, error.text, frames=place))
    known = getattr(builtins, error.type_name, None)
    is_known = isinstance(known, type) and issubclass(known, BaseException)
    name = error.type_name if is_known else "an exception"
    text = WITHHELD.get(error.kind, WITHHELD["raised"])
    return _student_error(StudentError(error.kind, text, name, frames=place, call=error.call))


def _is_not_started(error: StudentError, question: str) -> bool:
    """Whether this is what the stub raises of this question, or of one that it builds on."""
    return bool(error.todo) and (not question or int(error.todo[1:]) <= int(question[1:]))


def not_started(error: StudentError) -> str:
    frame = error.frames[-1]  # a stub's
    where = f" in {frame.function}" if frame.function else ""
    return f"{frame.file} still raises TODO {error.todo}{where}."


def _student_error(error: StudentError) -> str:
    """Say what happened instead of a result: call, what came, the student's own lines, a hint."""
    if error.kind != "raised":
        remedy = make_a_tensor(kind_returned(error))
        return error.text + _lines_of(error) + (f"\n\n{remedy}" if remedy else "")
    said = f": {error.text}" if error.text else ""
    rows = [f"called    {error.call}"] if error.call else []
    rows.append(f"got       {error.type_name}{said}")
    hint = _hint(error)
    there = f"\nwith      {error.there}" if error.there else ""
    return "\n".join(rows) + _lines_of(error) + there + (f"\n\n{hint}" if hint else "")


def _lines_of(error: StudentError) -> str:
    return "".join(f"\nat        {_place(frame)}: {frame.text}" for frame in error.frames)


def _place(frame: Frame) -> str:
    place = f"{frame.file}, line {frame.line}"
    return f"{place}, in {frame.function}" if frame.function else place


def _hint(error: StudentError) -> str:
    if error.type_name == "TypeError" and not error.frames and "argument" in error.text:
        return (
            "The call does not fit your signature. Keep the arguments as the skeleton gives them."
        )
    if error.type_name == "EOFError":
        return "Nobody types while this runs: do not call input() outside `if __name__ == ...`."
    if error.type_name == "MemoryError" or "can't allocate memory" in error.text:
        return (
            "That is more memory than there is for your code. Is a tensor larger than it was meant to "
            "be, or does something grow with every step?"
        )
    if "must match the size" in error.text and error.frames and ".T" in error.frames[-1].text:
        return (
            ".T puts all axes of a batch in reverse order; x.transpose(-2, -1) swaps the last two."
        )
    if error.type_name == "ModuleNotFoundError":
        return (
            "Only vit.py and train.py are read, beside the packages of requirements.txt: put into them "
            "what other files of yours hold."
        )
    if error.call.startswith("import ") and len(error.frames) > 1:
        return (
            "This ran while the file was loaded: put what is not a definition under "
            '`if __name__ == "__main__":`.'
        )
    if error.type_name in ("SystemExit", "KeyboardInterrupt"):
        return "Let functions return: exit() and quit() end the whole program."
    return next((hint for said, hint in TORCH_SAYS.items() if re.search(said, error.text)), "")


TORCH_SAYS = {  # what is found in an exception's words, and a hint
    r"transpose\(\) takes": (
        "torch's transpose(a, b) swaps two axes; permute(...) puts all of them in a new order."
    ),
    "module 'torch.functional'": (
        "These functions are in torch.nn.functional: import torch.nn.functional as F."
    ),
    r"before Module.__init__\(\) call": "The first line of __init__ must be super().__init__().",
    "is not a Module subclass": "Are the parentheses missing that make a layer, as in nn.GELU()?",
    'missing the required "forward"': (
        "forward must be a method of the class: is it indented too far, or misspelt?"
    ),
    r"\bints?\b.*\bfloat\b|'float' object cannot be interpreted": (
        "A / makes a float even of whole numbers: make sizes with //."
    ),
}


def make_a_tensor(kind: str) -> str:
    """Say how to return a tensor instead of this sort of thing."""
    if kind.startswith("a numpy."):
        return (
            "Compute with torch from start to end. torch.from_numpy(...) makes a tensor as well, but no "
            "gradient flows through it: that will do for a fixed table alone."
        )
    return REMEDIES.get(kind, "")


REMEDIES = {
    "None": "Is there a `return`?",
    "a list": "torch.stack(...) makes one tensor of a list of tensors that have the same shape.",
    "a tuple": "Return one tensor: `return a, b` makes a tuple, and so does a comma after `return a`.",
    "the float": "A plain number is no tensor: leave out the .item() or float() that made one.",
    "the int": "A plain number is no tensor: leave out the .item() or int() that made one.",
    "a method": "Are the parentheses missing that call it?",
    "a builtin_function_or_method": "Are the parentheses missing that call it?",
}


# --- sentences about files -------------------------------------------------------------------


NEWER = re.compile(
    r"\s*(?:type\s+\w+\s*(?:\[.*\])?\s*=|(?:class|def)\s+\w+\[|.*\bf([\"']).*\{[^}]*\1)"
)


def syntax_error(file: str, line: int | None, said: str, text: str) -> str:
    where = f"{file}, line {line}: " if line else f"{file}: "
    if sys.version_info < (3, 12) and NEWER.match(text):
        version = ".".join(map(str, sys.version_info[:2]))
        said = f"{said} (this is written for Python 3.12; the grader reads Python {version})"
    shown = f"\n    {text.strip()[:200]}" if text.strip() else ""
    return f"{where}{said}. Nothing in this file could be tested until this is mended.{shown}"


def broken_cell(cell: str, line: int, said: str, text: str) -> str:
    shown = f"\n    {text.strip()[:200]}" if text.strip() else ""
    return f"{cell}, line {line}: {said}. Nothing in this cell counts until this is mended.{shown}"


def left_out(file: str, first: int, last: int, kind: str) -> str:
    """Say which lines are not judged; kind is what they ended with, "" where they are no Python."""
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    if not kind:
        return f"{file} was left out: it cannot be read as Python. What it defines is missing."
    return (
        f"{file}, {lines}: left out, since loading ended there with {kind}. Nothing that is graded "
        "needs this, so no mark is lost by it."
    )


def no_such_file(file: str, meant: Sequence[str] = ()) -> str:
    guess = f" Is it {' or '.join(meant)}? Rename it: names are case sensitive." if meant else ""
    return f"There is no {file} among your files.{guess}"


def a_folder(file: str) -> str:
    return f"{file} is a folder: put your code into a file of that name."


def unopened(file: str, said: str) -> str:
    return f"{file} cannot be opened ({said}): you need the right to read it."


def not_utf8(file: str, line: int, byte: int) -> str:
    return (
        f"{file}, line {line}: byte 0x{byte:02x} is not UTF-8 text. "
        "Save the file as UTF-8; nothing in it could be tested."
    )


def empty_file(file: str) -> str:
    return f"{file} is empty. Was it saved before it was handed in?"


def stopped_at_import(file: str, how: str) -> str:
    return (
        f"{file} {how} while it was being loaded, so nothing in it could be tested. "
        'Put what is not a definition under `if __name__ == "__main__":`.'
    )


def absent(file: str, name: str, similar: list[str]) -> str:
    defined = f" It defines: {', '.join(similar)}. Names are case sensitive." if similar else ""
    return f"{file} has no `{name}`.{defined}"


def absent_with_its_file(module: str, name: str) -> str:
    return f"There is no {module}.py among your files, and vit.py has no `{name}` either."


def not_callable(file: str, name: str, what: str) -> str:
    return f"`{name}` in {file} is {what}. It must be a function or a class, as in the skeleton."


def no_module(file: str, name: str) -> str:
    return f"`{name}` in {file} does not derive from nn.Module: write `class {name}(nn.Module):`."


def too_many_numbers(call: str, what: str) -> str:
    return f"{call} returned {what}: far more numbers than it was asked for."


def no_module_made(call: str, what: str) -> str:
    return f"{call} made {what}, not an nn.Module."


def too_slow(call: str, limit: float) -> str:
    """Name the limit, and not the seconds it took: the same run tells the same twice."""
    return f"Stopped at the limit of {limit:g} s: {call or 'it'} ran too long."


def no_time_left(seconds: float) -> str:
    return (
        f"Not run: the time for the whole grading ({seconds:.0f} s) was used up before this check."
    )


STOPPED_TOO_OFTEN = (
    "Not run: your code was stopped so often, in this question as well, that no time is left to try "
    "whether it hangs here, too."
)


def forbidden(name: str, instead: str) -> str:
    return f"`{name}` is not allowed here: it would do the exercise for you. {instead}"


def too_large(call: str, what: str) -> str:
    return f"Stopped: {call or 'it'} used more than {what}."


PROCESS = ("died", "killed", "too_slow", "too_large", "unjudgeable")
UNTESTED = "Nothing could be tested: the visible checks say why."
WITHHELD = {
    "raised": "(what it says is not shown in a hidden check)",
    "wrong_result": "Your code returned something of another kind than asked for.",
    "unreadable": UNTESTED,
    "absent": UNTESTED,
    "not_found": UNTESTED,
    "forbidden": "Your code makes a call that is not allowed: the visible checks say which.",
}
STOPPED = {
    "died": "died",
    "too_slow": "was stopped after running too long",
    "too_large": "was stopped for using too much memory, or too many files,",
}


def unjudgeable(call: str) -> str:
    return f"What came back from {call} is not what the contract says, and cannot be judged."


def no_numbers(name: str, kind: str) -> str:
    return f"The parameter {name} holds {kind}: it must hold floating-point numbers."


def died(call: str, how: str) -> str:
    return f"Your program {how} during {call or 'this check'}, so there is no result."
