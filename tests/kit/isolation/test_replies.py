"""What a worker says of a measurement is checked by type and range, and is never our fault."""

import random

import pytest
import torch

from autograder.grading import suite
from autograder.grading.accuracy import GradedRun
from autograder.isolation.typed import Unkept, typed
from autograder.isolation.worker import wire
from autograder.isolation.worker.serve import MEASURED_BY
from autograder.isolation.worker.wire import Items, Other, Packer, Pairs, TensorAt
from checks.beside.measurement import MEASUREMENTS
from checks.beside.probes import Seen
from checks.beside.promise import MOST_ITEMS, MOST_NUMBERS
from checks.beside.spies import Evaluated, Trained
from checks.telling.wording import Verdict
from kit.isolation.replies import Answering, fuzz, recorded

assert MEASURED_BY  # importing them fills MEASUREMENTS
SEED = 3
SAMPLE = 2000  # changed replies; `make fuzz` sends more
NAN = float("nan")


@pytest.fixture(scope="module")
def records(assignment, grader):
    return recorded(assignment, grader, SEED)


def replies(records, measurement):
    said = [reply for one in records for reply in one.of_kinds["Measure", measurement]]
    return [reply for reply in said if not isinstance(reply, Exception)]


@pytest.fixture(scope="module")
def graded_run(assignment):
    return GradedRun(assignment, None, SEED)


# --- each measurement, spoiled in each way ---------------------------------------------------


def of_tensors(make):
    """Return a spoiler that puts another tensor, or what make() returns, for every tensor."""

    def spoil(value, tensors):
        if isinstance(value, TensorAt):
            packed = make(tensors[value.name])
            if not isinstance(packed, torch.Tensor):
                return packed
            name = f"t{len(tensors)}"
            tensors[name] = packed
            return TensorAt(name)
        if isinstance(value, Items):
            return Items([spoil(item, tensors) for item in value.items], value.is_tuple)
        if isinstance(value, Pairs):
            return Pairs({name: spoil(item, tensors) for name, item in value.pairs.items()})
        return NAN if isinstance(value, float) and make is nan else value

    return lambda value, tensors: [spoil(value, tensors)]


def nan(tensor):
    return tensor.double() * NAN


def in_each_field(put):
    """Return a spoiler that changes one field after the other, or the value where it has none."""

    def spoil(value, tensors):
        if not isinstance(value, Pairs):
            return put
        return [
            Pairs({**value.pairs, name: another}) for name in list(value.pairs) for another in put
        ]

    return spoil


def with_junk(value, tensors):
    pairs = value.pairs if isinstance(value, Pairs) else {"result": value}
    return [Pairs({**pairs, "junk": 1})]


def without_a_key(value, tensors):
    if not isinstance(value, Pairs):
        return [Pairs({}), Items([])]
    pairs = value.pairs
    return [Pairs({n: v for n, v in pairs.items() if n != name}) for name in pairs] + [Pairs({})]


SPOILERS = {
    "empty tensors": of_tensors(lambda tensor: torch.zeros(0)),
    "tensors with an empty axis": of_tensors(lambda tensor: tensor[..., :0].clone()),
    "a side without an end": of_tensors(lambda tensor: torch.zeros(0, 1 << 40)),
    "booleans": of_tensors(lambda tensor: tensor.bool()),
    "complex numbers": of_tensors(lambda tensor: Other("a tensor of dtype torch.complex64")),
    "NaN": of_tensors(nan),
    "huge numbers": of_tensors(lambda tensor: torch.full_like(tensor.double(), 1e308)),
    "a junk key": with_junk,
    "a missing key": without_a_key,
    "another type": in_each_field(
        [None, -1, 2**63 - 1, NAN, "text", True, Items([]), Items([Items([])]), Pairs({"a": 1})]
    ),
}


class Spoiling(Answering):
    """Gives spoiled replies to one measurement, and recorded ones to all else."""

    def __init__(self, record, assignment, measurement, how):
        super().__init__(record, random.Random(0), assignment)
        self._measurement, self._how = measurement, how

    def _answer(self, key, reply):
        if key != ("Measure", self._measurement) or isinstance(reply, Exception):
            return reply
        value, tensors = reply
        tensors = dict(tensors)
        ways = SPOILERS[self._how](value, tensors)
        self.changed += 1
        return ways[self.changed % len(ways)], tensors


@pytest.mark.parametrize("measurement", sorted(MEASUREMENTS))
def test_whatever_a_measurement_seems_to_say_is_never_our_fault(
    records, assignment, graded_run, measurement
):
    record = next(one for one in records if one.of_kinds["Measure", measurement])
    questions = record.questions["Measure", measurement]
    for how in SPOILERS:
        transport = Spoiling(record, assignment, measurement, how)
        ended = []
        grading = suite.Grading(transport, lambda: graded_run, ended.append)
        suite.run(assignment, grading, sorted(questions), SEED)
        assert transport.changed
        for outcome in ended:
            assert outcome.verdict is not Verdict.OUR_FAULT, (how, outcome)
            # Nor is it left to the net below all tests: each has words of its own.
            assert "Traceback" not in outcome.details, (how, outcome.details)


@pytest.mark.parametrize("measurement", sorted(MEASUREMENTS))
def test_an_honest_reply_is_taken_and_another_type_is_not(records, measurement):
    for value, tensors in replies(records, measurement):
        typed(wire.unpack(value, tensors, str), measurement)
    for spoiled in ([[[]]], {"junk": 1}, (1, 2, 3), b"", "\x00", -1):
        if measurement in ("in_dtype", "twins_apart") and spoiled not in ([[[]]], {"junk": 1}):
            continue  # the one may be anything, the other any number
        if measurement in ("in_dtype", "logits_after_training"):
            continue
        with pytest.raises(Unkept):
            typed(spoiled, measurement)


FIELDS = [("watch", Seen), ("spy_on_training", Trained), ("spy_on_evaluation", Evaluated)]


@pytest.mark.parametrize(("measurement", "kind"), FIELDS)
def test_a_struct_has_its_fields_and_no_others(records, measurement, kind):
    value, tensors = replies(records, measurement)[0]
    honest = wire.unpack(value, tensors, str)
    assert isinstance(typed(honest, measurement), kind)
    for name in honest:
        with pytest.raises(Unkept):
            typed({other: value for other, value in honest.items() if other != name}, measurement)
        if name != "result" or kind is not Seen:  # the model's own is of any kind
            with pytest.raises(Unkept):
                typed({**honest, name: {"a": 1}}, measurement)
    with pytest.raises(Unkept):
        typed({**honest, "junk": 1}, measurement)


def seen(**changed):
    tokens = torch.zeros(2, 5, 8)
    fields = {"inputs": [tokens], "outputs": [None], "parts": [0], "built_with": [None]}
    return {**fields, "result": None, **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"parts": [-1]},
        {"parts": [0.0]},
        {"parts": [True]},
        {"parts": [0] * (MOST_ITEMS + 1)},
        {"inputs": [torch.zeros(2, dtype=torch.bool)]},
        {"inputs": [torch.zeros(2, dtype=torch.int64)]},
        {"inputs": [torch.zeros(0, MOST_NUMBERS + 1)]},
        {"inputs": [torch.zeros(MOST_NUMBERS + 1)]},
        {"built_with": [{"d": "12"}]},
        {"built_with": [{"d" * 501: 12}]},
    ],
)
def test_what_is_out_of_range_is_refused(changed):
    typed(seen(), "watch")
    with pytest.raises(Unkept):
        typed(seen(**changed), "watch")


@pytest.mark.parametrize("result", [None, 3, "x", torch.zeros(2, dtype=torch.bool), [1], {"a": 1}])
def test_what_a_students_model_returns_may_be_anything(result):
    found = typed(seen(result=result, built_with=[{"d": 12, "n_heads": None}]), "watch").result
    assert found is result


def test_numbers_that_are_none_are_taken_where_they_may_be():
    assert typed([2, NAN], "losses_on_one_batch")[0] == 2.0
    assert typed(float("inf"), "twins_apart") == float("inf")
    for losses in ([], ["2.0"], [True], (2.0, 1.0)):
        with pytest.raises(Unkept):
            typed(losses, "losses_on_one_batch")
    with pytest.raises(Unkept):
        typed(1, "train_some_steps")


def test_what_crosses_is_typed_on_the_other_side(grader, assignment):
    """A struct goes as a mapping: the wire has no classes."""
    packed = Packer().pack(vars(Seen([], [], [], [], None)))
    assert isinstance(packed, Pairs)
    assert isinstance(typed(wire.unpack(packed, {}, str), "watch"), Seen)


# --- all of them, at random ------------------------------------------------------------------


def test_replies_changed_at_random_are_never_our_fault(assignment, records):
    seed = random.randrange(10**6)
    found = fuzz(assignment, records, SAMPLE, seed, SEED)
    assert found.changed >= SAMPLE
    assert not found.faults, (seed, found.faults[0])
    asked = {name for kind, name in found.kinds if kind == "Measure"}
    assert asked <= set(MEASUREMENTS)
    assert len(asked) > len(MEASUREMENTS) / 2  # in `make fuzz`, all of them are


def test_a_fault_would_be_seen(assignment, records, monkeypatch):
    """Without the net below the tests, the same replies do break some."""
    monkeypatch.setattr(Answering, "student_error", lambda self, error: error)
    monkeypatch.setattr("checks.words.compare._tensor", lambda got, call: got)
    assert fuzz(assignment, records, 300, 1, SEED).faults
