"""Hostile submissions: none earns more than its code deserves, reads, writes or leaves anything.

All of them are a proof; one of each kind is tried whenever the kit is tested.
"""

import json
import selectors
import subprocess
import sys

import pytest

from autograder.assignment.config import load
from autograder.proof.corpus import attacks
from kit.workbench import PATIENCE, ROOT, proof

ATTACKS = attacks(load(ROOT))
ONE_OF_EACH = {
    "comparing/tensor_that_lies_about_everything",
    "eating/memory_touched",
    "escaping/a_program_started",
    "finding/hidden_tests_by_other_readers",
    "forging/results_file_everywhere",
    "interpreter/builtins_replaced",
    "leaving/exit_at_import",
    "reader/tags_in_a_class_name",
    "skipping/attention_by_importlib",
    "whispering/inputs_in_a_message",
}


class Arena:
    """The process in which hostile submissions are graded, in a file system of its own when root."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/kit/proof/hostile.py"), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.waiting = selectors.DefaultSelector()
        self.waiting.register(self.process.stdout, selectors.EVENT_READ)
        assert self.answer() == "ready"

    def answer(self):
        if not self.waiting.select(PATIENCE):
            self.close()
            pytest.fail(f"the grader did not answer within {PATIENCE} s")
        return self.process.stdout.readline().strip()

    def grade(self, name):
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return json.loads(self.answer())

    def close(self):
        self.waiting.close()
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def arena():
    with_it = Arena()
    yield with_it
    with_it.close()


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(attack, id=attack.name, marks=[] if attack.name in ONE_OF_EACH else proof)
        for attack in ATTACKS
    ],
)
def test_an_attack_wins_nothing(arena, attack):
    assert arena.grade(attack.name)["won"] == []


def test_every_attack_says_what_it_tries_and_what_it_earns():
    assert len(ATTACKS) >= 70
    kinds = {attack.name.split("/")[0] for attack in ATTACKS}
    assert sorted(kinds) == sorted(name.split("/")[0] for name in ONE_OF_EACH)
    for attack in ATTACKS:
        assert attack.tries, attack.name
        assert (attack.earns is None) != (attack.at_most is None), attack.name
