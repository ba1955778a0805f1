"""Hostile submissions: none earns more than its code deserves, reads, writes or leaves anything."""

import json
import selectors
import subprocess
import sys

import pytest

from autograder.assignment.config import load
from autograder.proof.corpus import attacks
from kit.proof.hostile import MOST_SECONDS
from kit.workbench import ROOT

ATTACKS = attacks(load(ROOT))
STARTUP_SECONDS = 120


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
        assert self.answer(STARTUP_SECONDS) == "ready"

    def answer(self, seconds):
        if not self.waiting.select(seconds):
            self.close()
            pytest.fail(f"the grader did not answer within {seconds} s")
        return self.process.stdout.readline().strip()

    def grade(self, name):
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return json.loads(self.answer(2 * MOST_SECONDS))

    def close(self):
        self.waiting.close()
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def arena():
    with_it = Arena()
    yield with_it
    with_it.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_wins_nothing(arena, attack):
    assert arena.grade(attack.name)["won"] == []


def test_every_attack_says_what_it_tries_and_what_it_earns():
    assert len(ATTACKS) >= 70
    for attack in ATTACKS:
        assert attack.tries, attack.name
        assert (attack.earns is None) != (attack.at_most is None), attack.name
