"""Attention that its parameters do not tell: recognised by what flows, and by nothing that is said."""

import math

import pytest
import torch
from torch import nn

from checks.beside.moving import on_meta_device
from checks.judging import sight
from checks.judging.attention import expect_attention, expect_large_scores
from checks.judging.flowing import told_by_flow
from checks.telling.failures import Mismatch
from checks.words.draw import Draw

SIZES = [(10, 2), (7, 1), (15, 3)]


class Attention(nn.Module):
    """Attention whose queries come from two layers; what follows them can be changed."""

    def __init__(self, d, n_heads):
        super().__init__()
        self.n_heads, self.d_head = n_heads, d // n_heads
        self.q = nn.Sequential(nn.Linear(d, d, bias=False), nn.Linear(d, d))
        self.k, self.v, self.out = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)

    def heads(self, x):
        return x.unflatten(-1, (self.n_heads, self.d_head)).transpose(1, 2)

    def weights(self, q, k):
        return (q @ k.mT / math.sqrt(self.d_head)).softmax(-1)

    def forward(self, x):
        q, k, v = (self.heads(one(x)) for one in (self.q, self.k, self.v))
        return self.out((self.weights(q, k) @ v).transpose(1, 2).flatten(2))


class Linear(Attention):
    """No attention at all, and two large features of every token beside it."""

    def forward(self, x):
        q = 1e3 * self.q(x)
        self.heads(q) @ self.heads(1e3 * self.k(x)).mT
        return self.out(self.v(x))


def told(msa, d=10, n_heads=2, seed=0):
    return told_by_flow(msa, d, n_heads, Draw(seed, "flowing"))


@pytest.mark.parametrize(("d", "n_heads"), SIZES)
def test_two_layers_in_a_row_are_one_map(d, n_heads):
    expect_attention(Attention(d, n_heads), d, n_heads, Draw(1, "x"), call="msa(x)")


def test_what_only_shows_off_queries_and_keys_is_no_attention():
    assert told(Linear(10, 2)).right is None


def test_tensors_that_are_invented_prove_nothing(monkeypatch):
    """A worker may say what it likes: the result must follow from maps that are fitted here."""
    shown = sight.steps
    honest = Attention(10, 2)
    monkeypatch.setattr(sight, "steps", lambda msa, runs: shown(honest, runs))
    assert told(Linear(10, 2)).right is None
    monkeypatch.setattr(sight, "steps", lambda msa, runs: {"0 q": torch.randn(len(runs), 1, 3, 10)})
    assert told(Attention(10, 2)).right is None
    monkeypatch.setattr(sight, "steps", lambda msa, runs: {})
    assert told(Attention(10, 2)).right is None


def test_nothing_that_is_seen_is_infinite_or_no_number(monkeypatch):
    shown = sight.steps

    def spoilt(msa, runs):
        return {**shown(msa, runs), "99 no": torch.full((len(runs), 1, 3, 10), math.nan)}

    monkeypatch.setattr(sight, "steps", spoilt)
    assert told(Attention(10, 2)).right is not None


@pytest.mark.parametrize(
    ("weights", "cause"),
    [
        (lambda s, r: s.softmax(-1), "the scores are not divided by sqrt(d_head)."),
        (lambda s, r: (s / 3).softmax(-1), "the scores are multiplied by 0.333"),
        (lambda s, r: 0.3 * (s / r**0.5).softmax(-1), "the softmax gives is multiplied by 0.3:"),
        (
            lambda s, r: 0.3 * s.softmax(-1),
            "sqrt(d_head), and what the softmax gives is multiplied",
        ),
        (
            lambda s, r: (s / r).softmax(-2),
            "instead of its root, and the softmax runs over the quer",
        ),
        (lambda s, r: (s / r**0.5).clamp(-3, 3).softmax(-1), ""),
    ],
)
def test_mistakes_are_named_whatever_the_layout(weights, cause):
    msa = Attention(10, 2)
    msa.weights = lambda q, k: weights(q @ k.mT, msa.d_head)
    found = told(msa)
    assert cause in found.cause
    assert bool(cause) == bool(found.cause) or found.right is not None


def test_one_map_for_two_roles_is_seen():
    msa = Attention(10, 2)
    msa.k = msa.q
    assert "one map is used for two" in told(msa).cause


def test_a_map_that_is_not_learned_is_seen():
    msa = Attention(10, 2)
    msa.q.requires_grad_(False)
    assert "does not follow from the weights" in told(msa).cause


@pytest.mark.parametrize(("bound", "moderate"), [(4, False), (7.9, False), (8.1, True), (200, True)])
def test_clamped_scores_are_judged_alike_by_every_seed(bound, moderate):
    msa = Attention(10, 2)
    msa.q = nn.Linear(10, 10)
    msa.weights = lambda q, k: (q @ k.mT / 5**0.5).clamp(-bound, bound).softmax(-1)
    for seed in range(5):
        assert passes(expect_attention, msa, seed) == moderate
        assert not passes(expect_large_scores, msa, seed)


def passes(expected, msa, seed):
    try:
        expected(msa, 10, 2, Draw(seed, "clamped"), call="msa(x)")
    except Mismatch:
        return False
    return True


class Table(nn.Module):
    """Adds a table of positions, which follows or does not."""

    def __init__(self, follows, within):
        super().__init__()
        self.map = nn.LazyLinear(4)
        self.within = within
        if follows:
            self.register_buffer("table", torch.ones(3, 4))
        else:
            self.table = torch.ones(3, 4)

    def forward(self, x):
        self.within(x)
        return self.map(x) + self.table


def without_autocast(x):
    with torch.autocast(x.device.type, enabled=False):
        pass


@pytest.mark.parametrize("within", [lambda x: x, without_autocast, lambda x: x.flatten().tolist()])
def test_a_device_is_judged_by_what_is_mixed_not_by_what_meta_refuses(within):
    assert on_meta_device(Table(True, within), torch.ones(2, 3, 5)) == "meta"
    with pytest.raises((RuntimeError, NotImplementedError)):
        on_meta_device(Table(False, within), torch.ones(2, 3, 5))
