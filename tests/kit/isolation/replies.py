"""Grade with replies changed at random, and count what looks like our fault: `make fuzz`.

The replies to all tests are recorded once, of workers with right files in them. Then the suite runs
against the record, without a worker: each reply is as an honest one but for its type, its shape, its
numbers, a field more or less. Whatever is said, no verdict may be "our fault"; and few of them should
be those of the net below all tests, for which no test has words of its own.
"""

from __future__ import annotations

import contextlib
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import torch

from autograder.assignment.config import Assignment, load
from autograder.assignment.exercise import TRAINED
from autograder.grading import suite
from autograder.grading.accuracy import GradedRun
from autograder.grading.grade import Grader
from autograder.isolation.forking.forks import Staged
from autograder.isolation.remote import RemoteTransport
from autograder.isolation.worker import wire
from autograder.isolation.worker.wire import Items, ObjectAt, Other, Pairs, TensorAt
from autograder.proof import corpus
from checks.beside.measurement import MEASUREMENTS
from checks.telling import wording
from checks.telling.failures import StudentError
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict
from kit.isolation.fuzz import encoded
from kit.workbench import ROOT

COUNT = 100_000
SHOWN = 10  # tracebacks
HIDDEN_DIGITS = 2000
SOURCES = {"vit": "vit.py", "train": "train.py"}
# Of these files' questions, it is looked at what flows: that is slow.
WATCHED = {"63_two_linears_for_q_and_k": ["q3"], "64_weight_norm_mlp": ["q4"]}
# And of these, by the step's name, what is asked only to name a mistake.
NAMED = {"q3": "new layers in every forward", "q5": "positions as a plain attribute"}
SHARES = (0.64, 0.3, 0.02, 0.02, 0.01, 0.01)  # of the solution, of its training, and of these
PLACE = re.compile(r'File "[^"]*?((?:checks|tests|autograder)/[^"]+)", line (\d+), in (\w+)')

Reply = tuple[wire.Value, dict[str, torch.Tensor]] | StudentError
Key = tuple[str, str]  # kind of request, and its name


def key_of(request: wire.Request) -> Key:
    name = getattr(request, "measurement", getattr(request, "attribute", ""))
    return type(request).__name__, name


@dataclass
class Record:
    """The replies to every test, in order, and all replies to requests of one kind.

    asked      of these questions
    lengths    how many there were in every test
    questions  in which there was one of a kind
    """

    asked: list[str]
    of_tests: dict[tuple[int, Key], list[Reply]] = field(default_factory=lambda: defaultdict(list))
    of_kinds: dict[Key, list[Reply]] = field(default_factory=lambda: defaultdict(list))

    lengths: Counter[int] = field(default_factory=Counter)
    questions: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))

    def keep(self, question: str, seed: int, key: Key, reply: Reply) -> None:
        self.questions[key].add(question)
        self.lengths[seed] += key[0] in ("Call", "Measure")
        self.of_tests[seed, key].append(reply)
        self.of_kinds[key].append(reply)


class Listening(RemoteTransport):
    """Notes what comes back. The graded training is left out: its logits are made up."""

    def __init__(self, asked: list[str], *arguments: object) -> None:
        super().__init__(*arguments)
        self.record = Record(asked)

    def _ask(self, request, tensors, call):
        if key_of(request) == ("Measure", "logits_after_training"):
            logits = torch.randn(HIDDEN_DIGITS, 10)
            reply = TensorAt("t0"), {"t0": logits}
            self.record.keep(self._question, self._seed, key_of(request), reply)
            return reply
        try:
            reply = super()._ask(request, tensors, call)
        except StudentError as error:
            self.record.keep(self._question, self._seed, key_of(request), error)
            raise
        self.record.keep(self._question, self._seed, key_of(request), reply)
        return reply


class Answering(RemoteTransport):
    """Gives the recorded replies, changed at random; counts those that were changed."""

    def __init__(self, record: Record, chance: random.Random, assignment: Assignment) -> None:
        staged = SimpleNamespace(folder=assignment.solution, sources=SOURCES)
        super().__init__(None, staged, assignment.settings.limits)
        self._record, self._chance = record, chance
        self.replies = self.changed = 0
        self.kinds: Counter[Key] = Counter()

    def begin(self, question, seed, trains):
        super().begin(question, seed, trains)
        self._places = Counter()
        # One change at least in every test, as likely deep in it as at its start.
        self._spared = self._chance.randrange(max(self._record.lengths[self._seed], 1))
        self._rate = self._chance.choice((0.05, 0.5, 1.0))

    def stand_in(self, module, name):
        self.module(module)

    def close(self):
        self._worker, self._modules = None, {}

    def _ask(self, request, tensors, call):
        if self._worker is None or not self._worker.alive:
            self._modules, self._worker = {}, Nobody()
        if isinstance(request, wire.Load):
            return ObjectAt(0), {}
        if not isinstance(request, (wire.Call, wire.Measure)):
            return (Items([]) if isinstance(request, wire.AskLeftOut) else None), {}
        self.replies += 1
        reply = self._answer(key_of(request), self._next(key_of(request)))
        if isinstance(reply, StudentError):
            raise reply.with_traceback(None)
        if len(encoded(wire.Returned(reply[0]))) > wire.MOST_MESSAGE:  # the wire refuses it
            raise self._worker.distrust(call)
        return reply

    def _answer(self, key: Key, reply: Reply) -> Reply:
        self._spared -= 1
        if self._spared == -1 or (self._spared < 0 and self._chance.random() < self._rate):
            self.changed += 1
            self.kinds[key] += 1
            return changed(reply, self._chance)
        return reply

    def _next(self, key: Key) -> Reply:
        place = self._places[key]
        self._places[key] += 1
        known = self._record.of_tests.get((self._seed, key), [])
        if place < len(known):
            return known[place]
        return self._chance.choice(self._record.of_kinds.get(key) or [(None, {})])


class Nobody:
    """In the place of a worker that is not needed."""

    alive, ended_by, scratch, said = True, None, "/nowhere", ""

    def distrust(self, call: str) -> StudentError:
        self.alive = False
        self.ended_by = StudentError(
            "died", wording.died(call, "sent what is no answer"), call=call
        )
        return self.ended_by

    def close(self) -> None:
        self.alive = False


# --- what is changed -------------------------------------------------------------------------


NUMBERS = (0, 1, -1, 2**31, -(2**63), 2**63 - 1, 0.0, 0.5, 1e308, -1e308, 1e-320)
NUMBERS += (float("nan"), float("inf"), float("-inf"))
TEXTS = ("", "meta", "cpu", "float", "0 softmax", "a.b.c", "\x00\u202e", "x" * 600, "(" * 90)
SHAPES = ((), (0,), (1,), (3, 0), (0, 1 << 40), (1, 1), (2, 5, 8), (3, 10), (4, 3), (1 << 10,))
DTYPES = sorted(wire.DTYPES, key=str)


def changed(reply: Reply, chance: random.Random) -> Reply:
    """Return a reply of which something is another thing."""
    if isinstance(reply, StudentError):
        return None, {}
    value, tensors = reply
    tensors = dict(tensors)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        value = _somewhere(value, tensors, chance, depth=0)
    return value, tensors


def _somewhere(value, tensors, chance, depth):
    """Change the value itself, or something inside it."""
    inside = isinstance(value, (Items, Pairs)) and chance.random() < 0.8 and depth < 4
    if inside and isinstance(value, Items) and value.items:
        items = list(value.items)
        place = chance.randrange(len(items))
        items[place] = _somewhere(items[place], tensors, chance, depth + 1)
        return Items(items, value.is_tuple)
    if inside and isinstance(value, Pairs) and value.pairs:
        name = chance.choice(list(value.pairs))
        return Pairs(
            {**value.pairs, name: _somewhere(value.pairs[name], tensors, chance, depth + 1)}
        )
    return _other(value, tensors, chance)


def _other(value, tensors, chance):
    """Return something else for a value: mostly of its kind, else of any."""
    if chance.random() < 0.7:
        if isinstance(value, TensorAt):
            return _named(_other_tensor(tensors[value.name], chance), tensors)
        if isinstance(value, Items):
            return _other_items(value, chance)
        if isinstance(value, Pairs):
            return _other_pairs(value, chance)
        if isinstance(value, bool):
            return not value
        if isinstance(value, (int, float)):
            return chance.choice((value + 1, -value, float(value), *NUMBERS))
        if isinstance(value, str):
            return chance.choice((value + " x", value[1:], value * 3, *TEXTS))
    return _anything(tensors, chance)


def _anything(tensors, chance):
    kind = chance.randrange(8)
    if kind == 0:
        return None
    if kind == 1:
        return chance.choice(NUMBERS)
    if kind == 2:
        return chance.choice(TEXTS)
    if kind == 3:
        return chance.choice((True, False))
    if kind == 4:
        return chance.choice((ObjectAt(0), ObjectAt(-1), Other("a generator")))
    if kind == 5:
        return Items([_anything(tensors, chance) for _ in range(chance.randrange(3))])
    if kind == 6:
        return Pairs({chance.choice(TEXTS): _anything(tensors, chance)})
    return _named(torch.zeros(chance.choice(SHAPES), dtype=chance.choice(DTYPES)), tensors)


def _other_items(value, chance):
    items = list(value.items)
    what = chance.choice(("drop", "double", "empty", "many", "kind", "swap"))
    if what == "drop" and items:
        items.pop(chance.randrange(len(items)))
    elif what == "double":
        items += items
    elif what == "empty":
        items = []
    elif what == "many":
        items = (items * 3000)[:3000]
    elif what == "swap":
        chance.shuffle(items)
    return Items(items, value.is_tuple != (what == "kind"))


def _other_pairs(value, chance):
    pairs = dict(value.pairs)
    what = chance.choice(("drop", "junk", "rename", "empty", "swap"))
    if what == "junk":
        pairs[chance.choice(TEXTS)] = chance.choice(NUMBERS)
    elif what == "empty":
        pairs = {}
    elif pairs:
        one, other = chance.choice(list(pairs)), chance.choice(list(pairs))
        if what == "swap":
            pairs[one], pairs[other] = pairs[other], pairs[one]
        else:
            kept = pairs.pop(one)
            if what == "rename":
                pairs[one + chance.choice(("x", " ", "s"))] = kept
    return Pairs(pairs)


def _other_tensor(tensor, chance):
    what = chance.randrange(9)
    if what == 0:
        return tensor.to(chance.choice(DTYPES))
    if what == 1 and tensor.numel():
        spoiled = tensor.clone().flatten()
        with contextlib.suppress(RuntimeError):  # a number that this dtype does not hold
            spoiled[chance.randrange(len(spoiled))] = chance.choice(NUMBERS)
        return spoiled.reshape(tensor.shape)
    if what == 2:
        with contextlib.suppress(RuntimeError):
            return torch.full_like(tensor, chance.choice(NUMBERS))
    if what == 3:
        return tensor.flatten()
    if what == 4:
        return tensor[None] if chance.random() < 0.5 else tensor[..., None]
    if what == 5 and tensor.dim():
        return tensor.narrow(chance.randrange(tensor.dim()), 0, 0).clone()
    if what == 6 and tensor.dim():
        return torch.cat([tensor, tensor], dim=chance.randrange(tensor.dim()))
    if what == 7:
        return tensor.mT.contiguous() if tensor.dim() > 1 else tensor.double()
    return torch.rand(tensor.shape) * chance.choice((1.0, 1e3, 1e30, 1e-30))


def _named(tensor, tensors):
    name = f"t{len(tensors)}"
    tensors[name] = tensor
    return TensorAt(name)


# --- counting --------------------------------------------------------------------------------


@dataclass
class Found:
    """What came of all replies.

    nets   the places of ours at which only the net below the tests caught what was sent
    """

    replies: int = 0
    changed: int = 0
    tests: int = 0
    faults: list[str] = field(default_factory=list)
    nets: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Key] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")

    def note(self, outcome: Outcome) -> None:
        """Count a test's outcome; it has two or three, the last of them at its teardown."""
        self.verdicts[outcome.verdict.value] += 1
        self.slowest = max(self.slowest, (outcome.seconds, outcome.test))
        if outcome.verdict is Verdict.OUR_FAULT:
            self.faults.append(f"{outcome.test}\n{outcome.details}")
        elif "Traceback" in outcome.details:
            place = PLACE.findall(outcome.details)[-1]
            said = outcome.details.strip().splitlines()[-1]
            where = f"{place[0]}:{place[1]} in {place[2]}: {said[:120]}"
            self.nets[where] += 1
            self.examples.setdefault(where, f"{outcome.test}\n{outcome.details}")


def recorded(assignment: Assignment, grader: Grader, seed: int) -> list[Record]:
    """Return the replies to all tests of workers with right files in them, and with wrong ones."""
    right = assignment.tests / "corpus" / "right"
    apart = [[name for name in assignment.questions if name != TRAINED], [TRAINED]]  # one needs q5
    asked = [(assignment.solution, questions) for questions in apart]
    asked += [(right / name, questions) for name, questions in WATCHED.items()]
    records = [_recorded(assignment, grader, seed, *each) for each in asked]
    steps = {(step.question, step.step): step for step in corpus.steps(assignment)}
    for question, name in NAMED.items():
        with tempfile.TemporaryDirectory() as place:
            folder = corpus.lay_out_step(steps[question, name], assignment, Path(place) / "files")
            wrong = _recorded(assignment, grader, seed, folder, [question], is_right=False)
        records.append(wrong)
    return records


def _recorded(
    assignment: Assignment,
    grader: Grader,
    seed: int,
    folder: Path,
    asked: list[str],
    is_right: bool = True,
) -> Record:
    staged = Staged(folder, SOURCES, ())
    transport = Listening(asked, grader._server, staged, assignment.settings.limits)
    grading = suite.Grading(transport, lambda: GradedRun(assignment, None, seed))
    try:
        suite.run(assignment, grading, asked, seed)
    finally:
        transport.close()
    bad = [o for o in grading.outcomes.values() if o.share < 1 and o.question != TRAINED]
    assert not (is_right and bad), bad[0]
    return transport.record


def fuzz(
    assignment: Assignment, records: list[Record], count: int, seed: int, suite_seed: int
) -> Found:
    """Run the suite against changed replies until there were so many of them."""
    chance, found = random.Random(seed), Found()
    run = GradedRun(assignment, None, suite_seed)
    while found.changed < count:
        record = chance.choices(records, SHARES)[0]
        transport = Answering(record, chance, assignment)
        grading = suite.Grading(transport, lambda: run, found.note)
        suite.run(assignment, grading, record.asked, suite_seed)
        found.replies += transport.replies
        found.changed += transport.changed
        found.kinds += transport.kinds
    found.tests = sum(found.verdicts.values())
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    torch.set_num_threads(1)
    assignment = load(ROOT)
    with Grader(assignment) as grader:
        records = recorded(assignment, grader, seed)
    started = time.perf_counter()
    found = fuzz(assignment, records, count, seed, seed)
    seconds = time.perf_counter() - started
    for fault in found.faults[:SHOWN]:
        print(fault)
    unasked = MEASUREMENTS.keys() - {name for _, name in found.kinds}
    if unasked:
        print(f"never asked: {', '.join(sorted(unasked))}")
    for where, times in found.nets.most_common(SHOWN):
        print(f"{times} times only by the net: {where}")
    print(
        f"{found.changed} changed replies among {found.replies} in {seconds:.0f} s (seed {seed}), "
        f"of {len(found.kinds)} kinds: {len(found.faults)} our fault, {found.nets.total()} by the net; "
        f"the slowest test took {found.slowest[0]:.1f} s ({found.slowest[1]})"
    )
    sys.exit(bool(found.faults or unasked))


if __name__ == "__main__":
    main()
