"""Draw the handout's figures from the reference solution and the digits that students have.

Each is one function beside its alternative text. All are readable in grey; what a colour says, a
mark, a number or a label says as well. The same code gives the same files, but for the last digits
of a training on another machine: tests compare what is in the figures, not their pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from autograder.assignment.config import Assignment
from autograder.assignment.digits import read_digits
from autograder.assignment.sources import solution
from autograder.handout.figures import Illustration
from checks.judging.attention.watched import last_attention
from checks.show import pictures

MEAN, STD = 0.1307, 0.3081  # as in solution/digits.py
EPOCHS = 8
MOST = 4000  # digits to train on: a minute or two
BATCH = 32
SIZES = {"n_patches": 7, "n_blocks": 2, "d": 32, "n_heads": 4}
FIVE = 167  # a test digit with much ink
POSITIONS, WAVES = 50, 32  # what LightViT has with 7 patches a side and d = 32
SHOWN = 16  # predictions


@dataclass(frozen=True)
class Material:
    """What is drawn: the reference solution, its training, and digits (n, 28, 28) from 0 to 1."""

    vit: ModuleType
    model: Any
    losses: Sequence[float]
    accuracies: Sequence[float]
    digits: Tensor
    labels: Tensor


def material(assignment: Assignment, most: int = MOST) -> Material:
    """Train the reference solution.

    most  digits to train and to test with, more than FIVE
    """
    modules = solution(assignment)
    vit, train = modules["vit"], modules["train"]
    digits, labels = _digits(assignment, "t10k", most)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = vit.LightViT((1, 1, 28, 28), **SIZES)
        learned = DataLoader(_normalised(*_digits(assignment, "train", most)), BATCH, shuffle=True)
        unseen = DataLoader(_normalised(digits, labels), 500)
        losses, accuracies = _trained(train, model, learned, unseen)
    return Material(vit, model.eval(), losses, accuracies, digits, labels)


def _digits(assignment: Assignment, part: str, most: int) -> tuple[Tensor, Tensor]:
    images, labels = read_digits(assignment.student / "data", part)
    return images[:most].float() / 255, labels[:most]


def _normalised(digits: Tensor, labels: Tensor) -> TensorDataset:
    return TensorDataset((digits[:, None] - MEAN) / STD, labels)


def _trained(train: Any, model: Any, learned: Any, unseen: Any) -> tuple[list[float], list[float]]:
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses, accuracies, threads = [], [], torch.get_num_threads()
    torch.set_num_threads(1)  # sums are the same then, however many processors there are
    try:
        for _ in range(EPOCHS):
            loss = train.train_one_epoch(model, learned, optimizer, nn.CrossEntropyLoss(), "cpu")
            losses.append(loss)
            accuracies.append(train.evaluate(model, unseen, "cpu"))
    finally:
        torch.set_num_threads(threads)
    return losses, accuracies


# --- patches and positions -------------------------------------------------------------------


def _patches(material: Material) -> Figure:
    digit, n = material.digits[FIVE], 4
    patches = material.vit.patchify(digit[None, None], n)[0].reshape(n * n, 7, 7)
    picture = pictures.new_picture(8.6, 2.9)
    whole, strip = picture.subplots(1, 2, width_ratios=[1, 2.1])
    pictures.cut(whole, digit, n, "one image (1, 28, 28), n_patches = 4")
    pictures.mosaic(strip, patches, 8, "its 16 patches in order, 7 x 7 pixels each")
    return picture


def _flatten(material: Material) -> Figure:
    C, h, w = 2, 2, 3
    c, y, x = torch.meshgrid(*(torch.arange(n) for n in (C, h, w)), indexing="ij")
    numbers = 100 * c + 10 * y + x  # each number says where it stands
    flat = material.vit.patchify(numbers[None], 1)[0, 0]
    picture = pictures.new_picture(8.6, 2.9)
    axes = _canvas(picture, 17.2, 5.8)
    for channel in range(C):
        left = 1.9 + 3.6 * channel
        _text(axes, left + 1.5, 5.4, f"channel {channel}")
        for row in range(h):
            _text(axes, left - 0.2, 4.5 - row, f"row {row}" if channel == 0 else "", ha="right")
            for column in range(w):
                _cell(axes, left + column, 4 - row, numbers[channel, row, column], channel)
    for place, number in enumerate(flat):
        _cell(axes, 1.9 + place, 1.1, number, place // (h * w))
    _arrow(axes, (5.2, 2.9), (5.2, 2.2))
    _text(axes, 13.2, 4.5, "one patch: each number is\nits channel, row and column")
    _text(axes, 5.5, 2.55, "flattened: channel, then row, then column", ha="left", size=9)
    for part in range(C * h):
        _text(axes, 1.9 + w * (part + 0.5), 0.8, f"row {part % h}", size=9)
    for channel in range(C):
        _text(axes, 1.9 + h * w * (channel + 0.5), 0.35, f"channel {channel}")
    return picture


def _positions(material: Material) -> Figure:
    table = material.vit.get_positional_embeddings(POSITIONS, WAVES)
    picture = pictures.new_picture(8.6, 3.7)
    left, right = picture.subplots(1, 2)
    bar = pictures.table(left, table, f"the table, {POSITIONS} positions, d = {WAVES}", -1, 1)
    left.set(xlabel="column: sine, cosine, sine, ...", ylabel="position")
    picture.colorbar(bar, ax=left)
    bar = pictures.table(right, table @ table.T, "dot product of two positions", 0, WAVES / 2)
    right.set(xlabel="position", ylabel="position")
    picture.colorbar(bar, ax=right)
    return picture


# --- what the trained model does -------------------------------------------------------------


def _attention(material: Material) -> Figure:
    n, heads = SIZES["n_patches"], SIZES["n_heads"]
    digit = material.digits[FIVE]
    image = ((digit - MEAN) / STD)[None, None]
    with torch.no_grad():
        maps = last_attention(lambda: material.model(image), n * n + 1, heads)
    assert maps is not None, "the reference solution computes its weights in the open"
    picture = pictures.new_picture(
        8.6, 2.7, "the larger a square, the more the class token attends there"
    )
    for head, axes in enumerate(picture.subplots(1, heads)):
        weights = maps[head, 0, 1:].reshape(n, n)
        pictures.pixels(axes, 0.35 * digit, f"head {head}, largest {weights.max():.2f}")
        pictures.squares(axes, weights / weights.max(), 28 / n)
    return picture


def _curves(material: Material) -> Figure:
    picture = pictures.new_picture(8.6, 3.0)
    left, right = picture.subplots(1, 2)
    epochs = range(1, len(material.losses) + 1)
    left.plot(epochs, material.losses, marker="o", color="black")
    left.set(title="training loss", xlabel="epoch", ylabel="mean cross-entropy", ylim=(0, 2.5))
    right.plot(epochs, material.accuracies, marker="s", color="black")
    right.set(title="accuracy on unseen digits", xlabel="epoch", ylabel="share correct")
    right.set_ylim(0, 1.02)
    for axes in (left, right):
        axes.set_xticks(epochs)
        axes.grid(color="0.85")
    return picture


def _predictions(material: Material) -> Figure:
    images = (material.digits[:, None] - MEAN) / STD
    with torch.no_grad():
        answers = material.model(images).argmax(dim=1)
    wrong = (answers != material.labels).nonzero().flatten()[: SHOWN // 4]
    right = (answers == material.labels).nonzero().flatten()[: SHOWN - len(wrong)]
    picture = pictures.new_picture(8.6, 2.9)
    chosen = torch.cat([wrong, right]).sort().values.tolist()
    for axes, place in zip(picture.subplots(2, SHOWN // 2).flat, chosen):
        answer, label = int(answers[place]), int(material.labels[place])
        pictures.pixels(axes, material.digits[place], f"{answer}")
        if answer != label:
            axes.set_title(f"{answer}, not {label}", fontweight="bold")
            pictures.frame(axes, 0.5, 0.5, 27, 27)
            pictures.cross(axes, [(24.5, 24.5)], size=9)
    return picture


# --- diagrams --------------------------------------------------------------------------------


def _block(material: Material) -> Figure:
    picture = pictures.new_picture(8.6, 2.4)
    axes = _canvas(picture, 17.2, 4.8)
    row, above = 2.2, 3.9
    for middle, name, note in (
        (3.3, "norm1", "LayerNorm"),
        (5.7, "msa", "MyMSA"),
        (10.5, "norm2", "LayerNorm"),
        (12.9, "mlp", "Linear d to 4d\nGELU\nLinear 4d to d"),
    ):
        _box(axes, middle, row, 1.7, 1.1, name)
        axes.text(middle, row - 0.75, note, ha="center", va="top", fontsize=9)
    for middle in (7.9, 15.1):
        axes.add_patch(Circle((middle, row), 0.36, facecolor="white", edgecolor="black"))
        _text(axes, middle, row, "+", size=13)
    _text(axes, 0.85, row, "x\n(B, N, d)")
    _text(axes, 16.5, row - 1, "(B, N, d)")
    stops = [(1.75, 2.45), (4.15, 4.85), (6.55, 7.54), (8.26, 9.65), (11.35, 12.05)]
    for start, end in [*stops, (13.75, 14.74), (15.46, 16.9)]:
        _arrow(axes, (start, row), (end, row))
    for start, end in ((2.0, 7.9), (8.9, 15.1)):
        axes.plot([start, start, end], [row, above, above], color="black", linewidth=1.2)
        _arrow(axes, (end, above), (end, row + 0.36))
        _text(axes, (start + end) / 2, above + 0.4, "skip connection")
    _text(axes, 8.75, row - 1, "(B, N, d)")
    return picture


STEPS = (
    ("images", "", "(B, C, H, W)", "(B, 1, 28, 28)"),
    ("patchify", "q1", "(B, n_patches**2, C * H/n_patches * W/n_patches)", "(B, 49, 16)"),
    ("linear map", "q5", "(B, n_patches**2, d)", "(B, 49, 8)"),
    ("class token in front", "q5", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("+ positions", "q2", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("n_blocks encoder blocks", "q3, q4", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("take the class token", "q5", "(B, d)", "(B, 8)"),
    ("linear classifier: logits", "q5", "(B, num_classes)", "(B, 10)"),
)


def _model(material: Material) -> Figure:
    picture = pictures.new_picture(8.6, 5.2)
    axes = _canvas(picture, 17.2, 10.4)
    heads = {2.9: "what is done", 6.2: "question", 10.6: "shape of the result"}
    for middle, text in {**heads, 15.4: "digits, 7 a side, d = 8"}.items():
        axes.text(middle, 9.9, text, ha="center", va="center", fontweight="bold")
    for number, (name, question, shape, example) in enumerate(STEPS):
        height = 9.0 - 1.2 * number
        _box(axes, 2.9, height, 5.0, 0.75, name)
        _text(axes, 6.2, height, question)
        _text(axes, 10.6, height, shape, size=9)
        _text(axes, 15.4, height, example)
        if number:
            _arrow(axes, (2.9, height + 0.83), (2.9, height + 0.37))
    return picture


def _canvas(picture: Figure, width: float, height: float) -> Axes:
    picture.set_layout_engine("none")
    axes = picture.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return axes


def _box(axes: Axes, x: float, y: float, width: float, height: float, text: str) -> None:
    axes.add_patch(
        FancyBboxPatch((x - width / 2, y - height / 2), width, height, facecolor="0.93",
                       boxstyle="round,pad=0,rounding_size=0.15", edgecolor="black")
    )  # fmt: skip
    _text(axes, x, y, text)


def _text(axes: Axes, x: float, y: float, text: str, size: float = 10, ha: str = "center") -> None:
    axes.text(x, y, text, ha=ha, va="center", fontsize=size)


def _cell(axes: Axes, left: float, bottom: float, number: Tensor, channel: int) -> None:
    shade = ("white", "0.85")[channel]
    axes.add_patch(FancyBboxPatch((left, bottom), 1, 1, boxstyle="square,pad=0",
                                  facecolor=shade, edgecolor="black"))  # fmt: skip
    _text(axes, left + 0.5, bottom + 0.5, f"{int(number):03d}")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)


# --- all of them -----------------------------------------------------------------------------

FIGURES = {
    figure.name: figure
    for figure in (
        Illustration(
            "patches",
            "A handwritten digit of 28 x 28 pixels under a 4 x 4 grid, and beside it its 16 patches "
            "of 7 x 7 pixels, numbered 0 to 15 as one reads a page: left to right, then top to "
            "bottom.",
            _patches,
        ),
        Illustration(
            "flatten",
            "A patch of 2 channels, 2 rows and 3 columns. Flattened, its 12 numbers stand in a line: "
            "channel 0 row 0, channel 0 row 1, channel 1 row 0, channel 1 row 1, each row from left "
            "to right.",
            _flatten,
        ),
        Illustration(
            "positions",
            f"Left: the table of {POSITIONS} positions and {WAVES} columns, from -1 to 1. The first "
            "columns change quickly from position to position, the last hardly at all. Right: the "
            "dot products of all pairs of positions, largest on the diagonal; away from it they fall, "
            "in waves.",
            _positions,
        ),
        Illustration(
            "attention",
            "The same digit four times, once for each head of the last block of a trained model. "
            "On each of its 7 x 7 patches stands a square, the larger the more the class token "
            "attends to that patch. The heads look at different parts of the digit.",
            _attention,
            trained=True,
        ),
        Illustration(
            "block",
            "The encoder block from left to right: x, norm1, msa, plus, norm2, mlp, plus. A skip "
            "connection leads from x around norm1 and msa to the first plus, and another from there "
            "around norm2 and mlp to the second. Every result has the shape (B, N, d); inside the "
            "mlp there are 4d features.",
            _block,
        ),
        Illustration(
            "model",
            "The whole model from top to bottom, with shapes for digits: images (B, 1, 28, 28); "
            "patchify, (B, 49, 16); linear map, (B, 49, 8); class token in front, (B, 50, 8); plus "
            "positions; encoder blocks, (B, 50, 8) still; take the class token, (B, 8); linear "
            "classifier, logits (B, 10).",
            _model,
        ),
        Illustration(
            "curves",
            f"Two curves over {EPOCHS} epochs. The training loss falls, steeply at first, then "
            "slowly. The accuracy on unseen digits rises from about 0.5 to about 0.9.",
            _curves,
            trained=True,
        ),
        Illustration(
            "predictions",
            f"{SHOWN} handwritten digits with the trained model's answer above each. Where it is "
            "wrong, the digit has a frame and a cross, and above it stands both: its answer, and "
            "what it should be.",
            _predictions,
            trained=True,
        ),
    )
}
