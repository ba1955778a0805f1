"""What would answer a question, for functions of student/ to be tried with: none of them may do it.

What is given to them goes by names; a parameter of such a name gets it, and any other gets each in turn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from autograder.assignment.sources import run_source
from autograder.proof.pasted.cases import Answer, Case, Given, Question, copies, equal_to

SOLUTION: Any = run_source(Path(__file__).resolve().parents[2] / "solution" / "vit.py")
TABLE = 1e-4  # angles may be worked out in float32
RATE = 0.1


def draw(seed: int) -> Callable[..., Tensor]:
    """Return what draws tensors of any shape."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator)


# --- q1 --------------------------------------------------------------------------------------


def _patches(seed: int, n: int, h: int, w: int) -> Case:
    """Images with other numbers of channels and pixels every time."""
    images = draw(seed)(2, 3, n * h, n * w)
    image, plane = images[0], images[0, 0]
    given = {
        "images": images, "image": image, "plane": plane, "n_patches": n, "h": h, "w": w,
        "grid": images.reshape(2, 3, n, h, n, w), "plane's grid": plane.reshape(n, h, n, w),
        "H": n * h, "W": n * w, "C": 3, "B": 2,
    }  # fmt: skip
    right = [SOLUTION.patchify(one, n) for one in (images, image[None], plane[None, None])]
    # Of a grid with an axis for each, torch's own transpose makes patches that are only not flat.
    grids = frozenset({"grid", "plane's grid"})
    answers = [Answer("q1's answer", equal_to(one, 0.0), grids) for one in right]
    answers += [Answer("q1's answer", equal_to(one, 0.0, shaped=True)) for one in right]
    return Case(copies(given), answers)


# Of each number of patches two, since it may stand in the function.
Q1 = Question(
    "q1",
    [
        [_patches(1, 4, 3, 5), _patches(2, 4, 2, 3)],
        [_patches(3, 2, 3, 5), _patches(4, 2, 4, 3)],
        [_patches(5, 7, 2, 3), _patches(6, 7, 3, 2)],
    ],
    names={
        "images": ("x", "pictures", "batch", "inputs"),
        "image": ("images", "picture", "x"),
        "plane": ("image", "picture", "digit", "img", "pixels", "x"),
        "plane's grid": ("grid",),
        "n_patches": ("n", "side", "patches", "patches_per_side"),
        "h": ("height", "patch_height", "rows", "size"),
        "w": ("width", "patch_width", "columns"),
        "H": ("height",),
        "W": ("width",),
    },
    orders=[
        *itertools.permutations(range(4)),
        *((0, *rest) for rest in itertools.permutations(range(1, 6))),  # images stay in front
    ],
)

# --- q2 --------------------------------------------------------------------------------------


def _table(N: int, d: int) -> Case:
    """A table, and what is on the way to it."""
    columns = torch.arange(d)
    positions = torch.arange(N).double()
    rates = 10000.0 ** -((columns - columns % 2).double() / d)

    def rate(j: int) -> float:
        return float(10000 ** -((j - j % 2) / d))

    given = {
        "sequence_length": N, "d": d, "positions": positions, "columns": columns, "rates": rates,
        "angles": positions[:, None] * rates, "rate": rate, "base": 10000,
    }  # fmt: skip
    table = SOLUTION.get_positional_embeddings(N, d)
    return Case(copies(given), [Answer("q2's answer", equal_to(table, TABLE))])


# Sizes that nothing else has: a table that is kept for some size has another one.
Q2 = Question(
    "q2",
    [[_table(11, 14), _table(9, 22)]],
    names={
        "sequence_length": ("N", "n", "length", "rows", "tokens", "n_tokens", "count", "positions"),
        "d": ("features", "columns", "width", "dim", "hidden_d", "d_model", "waves"),
        "positions": ("position", "p", "pos"),
        "columns": ("column", "j", "i"),
        "rates": ("rate", "frequencies", "freqs"),
        "angles": ("angle", "phases"),
        "rate": ("frequency", "of"),
    },
)

# --- q3 --------------------------------------------------------------------------------------


def _heads(x: Tensor, n_heads: int) -> Tensor:
    B, N, d = x.shape
    return x.reshape(B, N, n_heads, d // n_heads).transpose(1, 2)


def _map(numbers: Callable[..., Tensor], d: int) -> Tensor:
    return (numbers(d, d + 1) / math.sqrt(d)).double()


def _affine(x: Tensor, maps: Tensor) -> Tensor:
    return x @ maps[:, :-1].float().T + maps[:, -1].float()


def _attention(seed: int, B: int, N: int, d: int, n_heads: int) -> Case:
    """Sequences, their q, k and v whole and as heads, and what is on the way to the result."""
    numbers = draw(seed)
    x = numbers(B, N, d)
    maps = {name: _map(numbers, d) for name in ("q", "k", "v", "out")}
    q, k, v = (_affine(x, maps[name]) for name in "qkv")
    q_heads, k_heads, v_heads = (_heads(part, n_heads) for part in (q, k, v))
    scores = q_heads @ k_heads.mT
    scale = 1 / math.sqrt(d // n_heads)
    weights = (scores * scale).softmax(-1)
    gathered = weights @ v_heads
    merged = gathered.transpose(1, 2).reshape(B, N, d)
    given = {
        "q": q, "k": k, "v": v, "x": x, "n_heads": n_heads, "d": d, "d_head": d // n_heads,
        "q's heads": q_heads, "k's heads": k_heads, "v's heads": v_heads, "scale": scale,
        "scores": scores, "scaled scores": scores * scale, "length": N, "B": B,
        "qkv": torch.cat([q, k, v], dim=-1), "weights": weights,
        **{f"map of {name}": one for name, one in maps.items()},
    }  # fmt: skip
    easy = frozenset({"scores", "scaled scores"})  # softmax alone is torch's
    return Case(
        copies(given),
        [
            Answer("q3's attention weights", equal_to(weights), easy),
            Answer("q3's answer", equal_to(merged)),
            Answer("q3's answer", equal_to(_affine(merged, maps["out"]))),
            Answer("q3's answer, head by head", equal_to(gathered)),
        ],
    )


Q3 = Question(
    "q3",
    [
        [_attention(1, 2, 5, 12, 2), _attention(2, 3, 7, 10, 2)],
        [_attention(3, 1, 5, 6, 1), _attention(4, 1, 4, 7, 1)],
    ],
    names={
        "x": ("sequences", "sequence", "tokens", "inputs"),
        "q": ("query", "queries", "qs", "Q"),
        "k": ("key", "keys", "ks", "K"),
        "v": ("value", "values", "vs", "V"),
        "q's heads": ("q", "query", "queries", "q_heads", "qs", "Q"),
        "k's heads": ("k", "key", "keys", "k_heads", "ks", "K"),
        "v's heads": ("v", "value", "values", "v_heads", "vs", "V"),
        "map of q": ("q", "q_map", "w_q", "wq"),
        "map of k": ("k", "k_map", "w_k", "wk"),
        "map of v": ("v", "v_map", "w_v", "wv"),
        "map of out": ("out", "o", "out_map", "w_o", "wo"),
        "n_heads": ("heads", "h", "n", "num_heads"),
        "d": ("features", "width", "dim", "d_model"),
        "d_head": ("head_dim", "dh", "d_k", "size"),
        "length": ("N", "tokens"),
        "scale": ("factor",),
        "scaled scores": ("scores",),
        "weights": ("attention", "attn", "a", "w", "p", "probabilities"),
    },
    after={"weights": "q3's attention weights"},
)

# --- q4 --------------------------------------------------------------------------------------


class _Mixing(nn.Module):
    """In the place of an attention: lets tokens mix."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1, keepdim=True) - 0.5 * x.roll(1, 1)


def _block(seed: int, N: int, d: int) -> Case:
    """Tokens, and the four parts of a block.

    Not what the attention answers: with that, what is left stands in the contract as a formula.
    """
    numbers = draw(seed)
    norm1, norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
    mlp = nn.Sequential(nn.Linear(d, 3 * d), nn.GELU(), nn.Linear(3 * d, d))
    with torch.no_grad():
        for part in (norm1, norm2, mlp):
            for parameter in part.parameters():
                parameter.copy_(numbers(*parameter.shape))
    x, msa = 2 * numbers(2, N, d), _Mixing()
    with torch.no_grad():
        z = x + msa(norm1(x))
        right = z + mlp(norm2(z))
    given = {"x": x, "msa": msa, "norm1": norm1, "norm2": norm2, "mlp": mlp}
    return Case(copies(given), [Answer("q4's answer", equal_to(right, 1e-4))])


Q4 = Question(
    "q4",
    [[_block(1, 5, 8), _block(2, 4, 6)]],
    names={
        "x": ("tokens", "sequences", "inputs"),
        "msa": ("attention", "attend", "attn"),
        "norm1": ("norm_1", "first_norm", "ln1"),
        "norm2": ("norm_2", "second_norm", "ln2"),
        "mlp": ("feed_forward", "ff"),
    },
)

# --- q5 --------------------------------------------------------------------------------------


def _model(seed: int, n: int, d: int) -> Case:
    """Images, the pieces of a model, and what is on the way."""
    numbers = draw(seed)
    images = numbers(3, 2, 2 * n, 3 * n)
    patches = SOLUTION.patchify(images, n)
    matrix, read = numbers(d, patches.shape[-1]), numbers(d, 10)
    class_token, positions = numbers(1, 1, d), numbers(n**2 + 1, d)
    blocks: Sequence[Callable[[Tensor], Tensor]] = [_Mixing(), nn.LayerNorm(d), _Mixing()]

    def patch_map(x: Tensor) -> Tensor:
        return F.linear(x, matrix)

    def classifier(x: Tensor) -> Tensor:
        return x @ read

    mapped = patch_map(patches)
    tokens = torch.cat([class_token.expand(3, -1, -1), mapped], dim=1) + positions
    out = tokens
    with torch.no_grad():
        for block in blocks:
            out = block(out)
    given = {
        "images": images, "n_patches": n, "patchify": SOLUTION.patchify, "patches": patches,
        "patch_map": patch_map, "class_token": class_token, "positions": positions,
        "blocks": blocks, "classifier": classifier, "tokens": mapped,
    }  # fmt: skip
    logits = equal_to(classifier(out[:, 0]), 1e-4)
    answers = [Answer("q5's answer", logits), Answer("q5's tokens", equal_to(tokens, 1e-4))]
    return Case(copies(given), answers)


Q5 = Question(
    "q5",
    [[_model(1, 2, 8), _model(2, 3, 6)]],
    names={
        "images": ("x", "batch"),
        "n_patches": ("n", "side"),
        "patch_map": ("embed", "linear", "to_tokens"),
        "class_token": ("cls", "cls_token", "token"),
        "positions": ("table", "embeddings"),
        "classifier": ("head", "read"),
        "tokens": ("x", "mapped"),
    },
)

# --- q6 --------------------------------------------------------------------------------------


class _Linear(nn.Module):
    """A classifier with a known start."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight


def _trained(
    weight: Tensor, images: Tensor, labels: Tensor, batch: int
) -> tuple[Tensor, Sequence[float]]:
    """Return the weight after an epoch, and its mean loss: of the images, and of the batches."""
    losses, sizes = [], []
    for some, answers in zip(torch.split(images, batch), torch.split(labels, batch)):
        here = weight.detach().requires_grad_()
        loss = F.cross_entropy(some.flatten(1) @ here, answers)
        weight = weight - RATE * torch.autograd.grad(loss, here)[0]
        losses.append(float(loss.detach()))
        sizes.append(len(some))
    of_images = sum(loss * size for loss, size in zip(losses, sizes)) / sum(sizes)
    return weight, (of_images, sum(losses) / len(losses))


def _epoch(seed: int, batch: int) -> Case:
    """A linear classifier before an epoch of batches, the last of which is smaller."""
    numbers = draw(seed)
    images, weight = numbers(3 * batch - 1, 1, 2, 2), numbers(4, 3)
    labels = (images.flatten(1) @ numbers(4, 3)).argmax(1)
    trained, means = _trained(weight, images, labels, batch)
    accuracy = ((images.flatten(1) @ weight).argmax(1) == labels).float().mean()

    def given() -> Given:
        start = _Linear(weight)
        return {
            "model": start, "loader": DataLoader(TensorDataset(images, labels), batch_size=batch),
            "optimizer": torch.optim.SGD(start.parameters(), lr=RATE),
            "criterion": nn.CrossEntropyLoss(), "device": torch.device("cpu"), "epochs": 1,
        }  # fmt: skip

    def learned(found: Tensor, used: Given) -> bool:
        after = used["model"]
        if not isinstance(after, _Linear) or found.numel() != 1:
            return False
        is_mean = any(abs(float(found) - mean) < 1e-5 for mean in means)
        return is_mean and torch.allclose(after.weight.detach(), trained, atol=1e-5)

    answers = [Answer("q6's training", learned), Answer("q6's accuracy", equal_to(accuracy))]
    return Case(given, answers)


Q6 = Question(
    "q6",
    [[_epoch(1, 7), _epoch(3, 9)]],
    names={
        "model": ("net", "module", "classifier"),
        "loader": ("batches", "data", "data_loader"),
        "optimizer": ("optim", "opt"),
        "criterion": ("loss_function", "loss_fn"),
    },
)

QUESTIONS = (Q1, Q2, Q3, Q4, Q5, Q6)
