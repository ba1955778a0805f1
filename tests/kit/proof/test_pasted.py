"""What a student could paste is found by running, whatever it looks like; and what is none is not."""

import shutil
from collections import defaultdict
from pathlib import Path

from autograder.proof import promises
from autograder.proof.pasted import cases, searching
from autograder.proof.pasted.searching import Searched
from kit.workbench import proof

GIVEAWAYS = """
import math
from dataclasses import dataclass
from typing import Callable

import torch
from torch import Tensor

ROWS, COLUMNS, CUTS = 5, 6, 4


def tiles(pic, k):
    a, b = pic.shape[0] // k, pic.shape[1] // k
    return [pic[r * a:(r + 1) * a, c * b:(c + 1) * b].flatten() for r in range(k) for c in range(k)]


def fixed_cuts(picture: Tensor) -> Tensor:
    return torch.stack(tiles(picture, CUTS)) if CUTS else picture


def cutter(n):
    def cut(picture):
        return {"all": (torch.stack(tiles(picture, n)), None)}
    return cut


def waving(rows, columns):
    table = torch.zeros(rows, columns)
    for p in range(rows):
        for j in range(columns):
            angle = p / 10000 ** ((j - j % 2) / columns)
            table[p, j] = math.cos(angle) if j % 2 else math.sin(angle)
    return table


WAYS = {"plain": lambda r, c: waving(r, c), "other": lambda r, c: waving(r, c) + 1}


def ready() -> Tensor:
    return waving(ROWS, COLUMNS)


class Table:
    def __init__(self) -> None:
        self.shift = 0

    def of(self, length: int, width: int) -> Tensor:
        return waving(length, width) + self.shift

    @staticmethod
    def made(length, width):
        return waving(length, width)[None]

    @classmethod
    def built(cls, length, width):
        return cls().of(length, width)


@dataclass(frozen=True)
class Way:
    root: Callable[[int], float] = math.sqrt


NONE = Way()


def near(way: Way, q: Tensor, k: Tensor, n_heads: int) -> Tensor:
    a, b = (one.unflatten(-1, (n_heads, -1)).transpose(-3, -2) for one in (q, k))
    return (a @ b.mT / way.root(a.shape[-1])).softmax(-1)


def collected(weights: Tensor, v: Tensor) -> Tensor:
    heads = v.unflatten(-1, (weights.shape[-3], -1)).transpose(-3, -2)
    return (weights @ heads).transpose(-3, -2).flatten(-2)


def one_step(tokens, msa, norm1, norm2, mlp):
    between = tokens + msa(norm1(tokens))
    return between + mlp(norm2(between))


@dataclass(frozen=True)
class Parts:
    x: Tensor
    msa: Callable[[Tensor], Tensor]
    norm1: Callable[[Tensor], Tensor]
    norm2: Callable[[Tensor], Tensor]
    mlp: Callable[[Tensor], Tensor]


SUMS = {
    "wrong": lambda p: (z := p.x + p.msa(p.x)) + p.mlp(p.norm2(z)),
    "right": lambda parts: (z := parts.x + parts.msa(parts.norm1(parts.x)))
    + parts.mlp(parts.norm2(z)),
}


@dataclass(frozen=True)
class Maps:
    q: Tensor
    k: Tensor
    v: Tensor
    out: Tensor

    def result(self, x: Tensor, n_heads: int) -> Tensor:
        q, k, v = (x.double() @ m[:, :-1].T + m[:, -1] for m in (self.q, self.k, self.v))
        return collected(near(NONE, q, k, n_heads), v) @ self.out[:, :-1].T + self.out[:, -1]


def epoch(net, batches, optim, loss_fn):
    total = count = 0
    net.train()
    for images, labels in batches:
        optim.zero_grad()
        loss = loss_fn(net(images), labels)
        loss.backward()
        optim.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
    return total / count


def share(net, batches):
    hits = [(net(images).argmax(1) == labels).float() for images, labels in batches]
    return torch.cat(hits).mean()
"""
FOUND = [
    ("tiles(pic, k)", "q1's answer"),
    ("fixed_cuts(picture)", "q1's answer"),
    ("cutter.cut(picture)", "q1's answer"),
    ("waving(rows, columns)", "q2's answer"),
    ("lambda(r, c)", "q2's answer"),  # one of the two in its line
    ("ready()", "q2's answer"),
    ("Table.of(self, length, width)", "q2's answer"),
    ("Table.made(length, width)", "q2's answer"),
    ("Table.built(cls, length, width)", "q2's answer"),
    ("near(way, q, k, n_heads)", "q3's attention weights"),
    ("collected(weights, v), with what near gives,", "q3's answer"),
    ("collected(weights, v), with what near gives,", "q3's answer, head by head"),
    ("one_step(tokens, msa, norm1, norm2, mlp)", "q4's answer"),
    ("lambda(parts)", "q4's answer"),
    ("Maps.result(self, x, n_heads)", "q3's answer"),
    ("epoch(net, batches, optim, loss_fn)", "q6's training"),
    ("share(net, batches)", "q6's accuracy"),
]

HARMLESS = """
import math
import os
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.nn.functional import scaled_dot_product_attention as held

KEPT = {(n, d): torch.rand(n, d) for n in range(1, 6) for d in range(2, 8)}


def ready_made(q, k, v, n_heads):
    a, b, c = (x.unflatten(-1, (n_heads, -1)).transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(a, b, c).transpose(1, 2).flatten(2)


def ready_made_and_held(q, k, v, n_heads):
    a, b, c = (x.unflatten(-1, (n_heads, -1)).transpose(1, 2) for x in (q, k, v))
    return held(a, b, c).transpose(1, 2).flatten(2)


def rows(scores):
    return scores.softmax(-1)


def standardised(tokens):
    centred = tokens - tokens.mean(-1, keepdim=True)
    return centred / (tokens.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()


def as_it_comes(images, n_patches):
    return images.reshape(images.shape[0], n_patches**2, -1)


def down_the_columns(images, n):
    B, C, H, W = images.shape
    grid = images.reshape(B, C, n, H // n, n, W // n)
    return grid.permute(0, 4, 2, 1, 3, 5).reshape(B, n * n, -1)


def heads(features, n):
    return features.reshape(*features.shape[:2], n, -1).transpose(1, 2)


def kept(sequence_length, d):
    return KEPT[sequence_length, d]


def without_root(q, k, n_heads):
    a, b = (x.unflatten(-1, (n_heads, -1)).transpose(-3, -2) for x in (q, k))
    return (a @ b.mT).softmax(-1)


def only_first_sum(x, msa, norm1):
    return x + msa(norm1(x))


def untrained(model, loader, criterion):
    losses = [float(criterion(model(images), labels)) * len(labels) for images, labels in loader]
    return sum(losses) / len(loader.dataset)


def nothing_at_all():
    return torch.full((3, 4), math.nan)
"""
UNKIND = """
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def hangs():
    while True:
        pass


def ends():
    os._exit(3)


def writes():
    HERE.joinpath("written").write_text("x")
    raise SystemExit


def removes():
    HERE.joinpath("precious").unlink()


def starts():
    subprocess.run(["touch", str(HERE / "started")])


def last(sequence_length, d):
    import giveaways

    return giveaways.waving(sequence_length, d)
"""
TEST = '''
"""q1, planted."""


def test_something(vit):
    """What is made here is only made while it runs."""

    def of(size):
        steps = [size // 2]

        def pieces(picture):
            half = steps[0] * 2
            a, b = picture.shape[0] // half, picture.shape[1] // half
            return picture.unfold(0, a, a).unfold(1, b, b).reshape(half**2, -1)

        return pieces

    assert callable(of(4))
'''


def planted(folder: Path) -> Path:
    """Write all of these files."""
    (folder / "tests").mkdir(parents=True)
    for name, text in (("giveaways", GIVEAWAYS), ("harmless", HARMLESS), ("unkind", UNKIND)):
        (folder / f"{name}.py").write_text(text)
    (folder / "tests" / "test_q1_planted.py").write_text(TEST)
    (folder / "precious").write_text("x")
    return folder


def test_functions_to_paste_are_found_and_nothing_else(assignment, tmp_path):
    """In one search, since starting it takes longest."""
    folder = planted(tmp_path / "student")
    found = searching.search(assignment, folder=folder)
    by_file = defaultdict(list)
    for line in found.lines:
        place, _, said = line.partition(": ")
        by_file[place.partition(",")[0]].append(tuple(said.rsplit(" gives ", 1)))

    assert sorted(by_file["student/giveaways.py"]) == sorted(FOUND)
    # It stands in a function of a test, and holds things that only a run of the test gives it.
    inside = ("test_something.of.pieces(picture)", "q1's answer")
    assert by_file["student/tests/test_q1_planted.py"] == [inside]
    # Refused when it is pasted, or torch's own, or wrong, or kept and not computed.
    assert by_file["student/harmless.py"] == []
    # What hangs or ends its process keeps nobody from what stands behind it, and nothing is harmed.
    assert by_file["student/unkind.py"] == [("last(sequence_length, d)", "q2's answer")]
    assert [line.rpartition(": ")[2] for line in found.left] == ["ends"]
    rest = {path.name for path in folder.iterdir() if path.suffix != ".py"}
    assert rest == {"precious", "tests"}

    number = GIVEAWAYS.splitlines().index("def tiles(pic, k):") + 1
    assert f"student/giveaways.py, line {number}: tiles(pic, k) gives q1's answer" in found.lines


def test_a_kit_that_does_not_say_what_answers_has_nothing_called(copied):
    assert searching.search(copied) == Searched()


def test_the_promise_is_broken_by_what_is_found(assignment, monkeypatch):
    line = "student/checks/words/draw.py, line 3: f(x) gives q1's answer"
    monkeypatch.setattr(searching, "search", lambda *_: Searched((line,), 7))
    promise = promises.no_solution_line(assignment)
    assert not promise.kept
    assert promise.problems == (line,)
    assert "7 functions called" in promise.note


@proof
def test_a_giveaway_among_the_checks_of_a_kit_is_found(copied, assignment):
    """The copy's own files are called, not those of the kit that looks."""
    shutil.copytree(assignment.tests / "corpus", copied.tests / "corpus")
    assert (copied.root / cases.FILE).exists()
    with (copied.student / "checks" / "words" / "nearness.py").open("a") as file:
        file.write("\n\ndef planted(N, d):\n    import torch\n"
                   "    j = torch.arange(d)\n"
                   "    angle = torch.arange(N)[:, None] / 10000 ** ((j - j % 2) / d)\n"
                   "    return torch.where(j % 2 == 0, angle.sin(), angle.cos())\n")  # fmt: skip
    steps = []
    found = searching.search(copied, lambda done, total, step: steps.append((done, total)))
    assert any("nearness.py" in line and "planted(N, d)" in line for line in found.lines)
    assert steps[found.called + len(found.left) - 1][0] == found.called + len(found.left)
