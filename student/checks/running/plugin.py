"""The pytest plugin behind the tests: fixtures, and one outcome for each test."""

from __future__ import annotations

import dataclasses
import inspect
import re
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from checks.running import faults
from checks.running.facts import FACTS, STUDENT, read_facts
from checks.running.local import LocalTransport
from checks.telling import remarks, wording
from checks.telling.failures import (
    CheckFailed,
    NotReached,
    StudentError,
    is_worth_another_try,
    kind_returned,
    own_frames,
)
from checks.telling.outcome import Outcome, counted, share_of
from checks.telling.summary import changed_files, next_step, summary
from checks.telling.wording import Verdict
from checks.words import nearness
from checks.words.draw import Draw
from checks.words.marks import PartialCredit


class Transport(Protocol):
    """How tests reach the student's code: in this process, or in a worker."""

    def begin(self, question: str, seed: int, trains: bool) -> None: ...
    def module(self, name: str) -> object: ...
    def stand_in(self, module: str, name: str) -> None: ...
    def end(self) -> None: ...
    def student_error(self, error: BaseException) -> BaseException: ...


NOT_RUN = "not run"
TIMEOUT = re.compile(r"^Timeout \(?>(\d+(?:\.\d+)?)s")  # as pytest-timeout says it
TRANSPORT = pytest.StashKey[Transport]()
OUTCOMES = pytest.StashKey[dict[str, Outcome]]()
SEED = pytest.StashKey[int]()
STARTED = pytest.StashKey[float]()
FIRST_FAULTS = pytest.StashKey[dict[str, str]]()  # a failing test, or a file's fault -> a number
OWN_PIECES = pytest.StashKey[bool]()  # set: the stand-ins stay away


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="seed of the tests' random numbers")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "weight(n): the test's share of its question's points")
    config.addinivalue_line("markers", "builds_on(*tests): told as not reached where these fail")
    config.addinivalue_line("markers", "evidence: shows that the code computes something")
    config.addinivalue_line("markers", "law: holds for code that computes nothing, too")
    config.addinivalue_line("markers", "reported: counts beside a test that compares numbers")
    config.addinivalue_line("markers", "stands_on(question): counts where half of that is earned")
    config.addinivalue_line("markers", "trains: the test trains a model, which takes longer")
    config.stash[OUTCOMES] = {}
    config.stash[FIRST_FAULTS] = {}
    config.stash[SEED] = config.getoption("--seed")
    if not config.pluginmanager.has_plugin("terminal"):
        config.option.tbstyle = "no"  # else pytest lays out tracebacks, slowly, that nobody sees
    if TRANSPORT not in config.stash:
        sources = {name: STUDENT / f"{name}.py" for name in ("vit", "train")}
        config.stash[TRANSPORT] = LocalTransport(sources, read_facts(FACTS).forbidden)


# --- fixtures --------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    _expect_ground(request.node)
    transport = _begin(request.node)
    yield transport
    transport.end()


def _expect_ground(item: pytest.Item) -> None:
    """Raise NotReached if the question that a test stands on was run, and less than half is earned."""
    marker = item.get_closest_marker("stands_on")
    question = marker.args[0] if marker else ""
    below = [o for o in item.config.stash[OUTCOMES].values() if o.question == question]
    verdicts = {outcome.verdict for outcome in below}
    if Verdict.OUR_FAULT in verdicts:
        return  # it is not known
    if verdicts == {Verdict.NOT_STARTED}:
        raise NotReached(below[0].message, is_started=False)
    share = share_of(below)
    if below and share < 1 / 2:
        raise NotReached(wording.too_little_of(question, share))


def _begin(item: pytest.Item) -> Transport:
    """Start a test afresh: nothing stands in, the student's random numbers are seeded."""
    transport = item.config.stash[TRANSPORT]
    transport.end()
    nearness.begin()
    remarks.begin()
    seed = zlib.crc32(f"{item.config.stash[SEED]} {item.name}".encode())
    transport.begin(_question(item), seed, item.get_closest_marker("trains") is not None)
    return transport


@pytest.fixture
def vit(_transport: Transport) -> object:
    """The student's vit.py, or a proxy for it: the same lines work with both."""
    return _transport.module("vit")


@pytest.fixture
def train(_transport: Transport) -> object:
    """The student's train.py, or a proxy for it."""
    return _transport.module("train")


@pytest.fixture
def stand_in(request: pytest.FixtureRequest, _transport: Transport) -> Callable[..., None]:
    """stand_in("MyMSA") replaces an earlier question: its faults are paid for there."""

    def replace(*names: str) -> None:
        if OWN_PIECES not in request.node.stash:
            for name in names:
                _transport.stand_in("vit", name)

    return replace


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw:
    """Random numbers: draw(2, 5, 8) is a float32 tensor."""
    return Draw(request.config.stash[SEED], request.node.name)


# --- outcomes --------------------------------------------------------------------------------


def _question(item: pytest.Item) -> str:
    found = re.match(r"test_(q\d+)_", item.path.name)
    return found.group(1) if found else "q0"


def _is_hidden(item: pytest.Item) -> bool:
    return item.path.parent.name == "hidden"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort by question, public tests first, number them, and record each as not run yet."""
    order = {question: n for n, question in enumerate(_questions(items))}
    items.sort(key=lambda item: (order[_question(item)], _is_hidden(item)))
    numbers: dict[str, int] = {}
    for item in items:
        question = _question(item)
        numbers[question] = numbers.get(question, 0) + 1
        marker = item.get_closest_marker("weight")
        doc = str(getattr(getattr(item, "obj", None), "__doc__", "") or item.name)
        config.stash[OUTCOMES][item.nodeid] = Outcome(
            test=f"{question}.{numbers[question]}",
            question=question,
            title=doc.strip().splitlines()[0],
            weight=marker.args[0] if marker else 1,
            hidden=_is_hidden(item),
            reported=item.get_closest_marker("reported") is not None,
            law=item.get_closest_marker("law") is not None,
            evidence=item.get_closest_marker("evidence") is not None,
            verdict=Verdict.OUR_FAULT,
            message=wording.STOPPED_BEFORE,
            details=NOT_RUN,
        )


def _questions(items: list[pytest.Item]) -> list[str]:
    return sorted({_question(item) for item in items}, key=lambda q: int(q[1:]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.stash[STARTED] = time.perf_counter()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run a test once more whose worker was lost, or which a stand-in broke.

    Who killed a worker cannot be known: the machine may have. And a block may use an attribute of
    the student's MyMSA, or unpack two results of it: that is no fault of the block's, so it gets
    the student's own earlier pieces; if it fails with these as well, the first run counts.
    """
    try:
        return (yield)
    except Exception as first:
        error = pyfuncitem.config.stash[TRANSPORT].student_error(first)
        if is_worth_another_try(error):
            _run_again(pyfuncitem)
            return True
        broken = isinstance(error, StudentError) and error.is_raised and not error.todo
        if not broken or "stand_in" not in pyfuncitem.funcargs:
            raise
        pyfuncitem.stash[OWN_PIECES] = True
        try:
            _run_again(pyfuncitem)
        except Exception:  # whatever a student's code raises: the first run's verdict stands
            raise first from None
        return True


def _run_again(item: pytest.Function) -> None:
    transport = _begin(item)
    arguments = {name: item.funcargs[name] for name in inspect.signature(item.obj).parameters}
    for name in arguments.keys() & {"vit", "train"}:  # what there was belongs to the first run
        arguments[name] = transport.module(name)
    item.obj(**arguments)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn how a test ended into an outcome. A teardown can only make it worse."""
    if call.excinfo is not None:
        error = item.config.stash[TRANSPORT].student_error(call.excinfo.value)
        verdict, share, message, details = _judge(item, call.excinfo.value, error)
        if first := _fails_first(item, error, verdict):
            message, details = wording.fails_first(first), details or message
            verdict = Verdict.NOT_REACHED
        _record(item, verdict, share, message, details)
    elif call.when == "call":
        _record(item, Verdict.PASSED, 1.0, "", remarks.said())
    return (yield)


def _judge(
    item: pytest.Item, raised: BaseException, error: BaseException
) -> tuple[Verdict, float, str, str]:
    """Return verdict, share, message and details; error is what was raised, as the student's."""
    if isinstance(raised, pytest.fail.Exception) and TIMEOUT.search(str(raised)):
        return Verdict.FAILED, 0.0, _too_slow(item, raised), ""
    if isinstance(error, PartialCredit):
        verdict = Verdict.PASSED if error.share == 1 else Verdict.FAILED
        return verdict, error.share, str(error), ""
    if isinstance(error, NotReached):
        verdict = Verdict.NOT_REACHED if error.is_started else Verdict.NOT_STARTED
        return verdict, 0.0, str(error), ""
    if faults.misused(raised) and (slip := faults.slip(raised, item.path)):
        return Verdict.OUR_FAULT, 0.0, wording.OUR_FAULT, slip
    verdict, message = wording.explain(error, _question(item))
    if verdict is Verdict.OUR_FAULT:
        return verdict, 0.0, message, faults.told(raised, item.path)
    if getattr(error, "kind", "") == "unjudgeable":
        return verdict, 0.0, message, faults.traced(raised, item.path)
    if _is_hidden(item) and isinstance(error, CheckFailed):
        shown = error.if_hidden
        return verdict, 0.0, shown, "" if shown == message else message
    if _is_hidden(item) and isinstance(error, StudentError):
        # The student's code has seen what is hidden: what it says is for the teacher alone.
        return verdict, 0.0, wording.explain_hidden(error, _question(item)), message
    return verdict, 0.0, message, ""


def _fails_first(item: pytest.Item, error: BaseException, verdict: Verdict) -> str:
    """Return the number of the test whose failure keeps this one from its own law; "" where none does.

    So a title stands beside failures of its own law alone, and what has one cause is told once.
    """
    faults, own = item.config.stash[FIRST_FAULTS], item.config.stash[OUTCOMES][item.nodeid]
    if isinstance(error, StudentError) and error.is_of_the_file:
        first = faults.setdefault(f"{error.type_name} {error.text}", own.test)
        return first if first != own.test else ""
    if verdict is not Verdict.FAILED:
        return ""
    cause, marker = _cause(item, error), item.get_closest_marker("builds_on")
    names = [f"{own.question} {each}" for each in (cause, *(marker.args if marker else ()))]
    found = (faults[name] for name in names if name in faults)
    first = next((test for test in found if test != own.test), "")
    faults[f"{own.question} {item.name}"] = first or own.test
    if cause and not first:
        faults[f"{own.question} {cause}"] = own.test
    return first


def _cause(item: pytest.Item, error: BaseException) -> str:
    """Return what other checks of the question fail by as well, whatever each of them calls.

    An exception counts in visible tests alone: what one says in a hidden test is told to nobody,
    not even whether it is the same.
    """
    if isinstance(error, StudentError) and error.is_raised and not _is_hidden(item):
        lines = [(frame.file, frame.line) for frame in error.frames]
        return f"{error.type_name} {error.text} {lines}"
    return kind_returned(error)


def _too_slow(item: pytest.Item, raised: BaseException) -> str:
    transport = item.config.stash[TRANSPORT]
    files = transport.submission.files if isinstance(transport, LocalTransport) else []
    frames = own_frames(raised.__traceback__, files)
    limit = float(TIMEOUT.findall(str(raised))[0])
    error = StudentError("too_slow", wording.too_slow("your code", limit), frames=frames)
    return wording.explain(error)[1]


def _record(item: pytest.Item, verdict: Verdict, share: float, message: str, details: str) -> None:
    outcomes = item.config.stash[OUTCOMES]
    planned = outcomes[item.nodeid]
    outcomes[item.nodeid] = dataclasses.replace(
        planned,
        verdict=verdict,
        share=share,
        message=message,
        details=details,
        seconds=time.perf_counter() - item.stash[STARTED],
        error=nearness.largest(),
    )
    item.config.hook.pytest_outcome(outcome=outcomes[item.nodeid])


class OutcomeHook:
    @pytest.hookspec
    def pytest_outcome(self, outcome: Outcome) -> None:
        """A test has ended."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(OutcomeHook)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show a student how far they are. In grading there is no terminal, and a report instead."""
    done = [outcome for outcome in config.stash[OUTCOMES].values() if outcome.details != NOT_RUN]
    run = [
        outcome
        for question in dict.fromkeys(outcome.question for outcome in done)
        for outcome in counted([one for one in done if one.question == question])
    ]
    facts = read_facts(FACTS)
    if run:
        step = next_step(run, facts.questions)
        changed = changed_files(facts.changed(STUDENT))
        transport = config.stash[TRANSPORT]
        notes = transport.notes if isinstance(transport, LocalTransport) else ()
        for line in (*summary(run, facts.questions), *notes, *changed, step):
            terminalreporter.write_line(line)
