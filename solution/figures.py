"""Draw the handout's figures from the reference solution and the digits that students have.

Each is one function beside its alternative text. All are readable in grey; what a colour says, a
mark, a number or a label says as well. What is trained is what `python train.py` trains where no
option is given. The same code gives the same files, but for the last digits of a training on
another machine: tests compare what is in the figures, not their pixels.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from torch import Tensor
from torch.utils.data import TensorDataset

from autograder.assignment.config import Assignment
from autograder.assignment.digits import read_digits
from autograder.assignment.sources import solution
from autograder.handout.figures import Illustration
from checks.judging.attention.watched import last_attention
from checks.show import pictures, training

MEAN, STD = 0.1307, 0.3081  # as in solution/digits.py
FIVE = 167  # a test digit with much ink
POSITIONS, WAVES = 50, 32  # what LightViT has with 7 patches a side and d = 32
WIDE = pictures.WIDTH


@dataclass(frozen=True)
class Material:
    """What is drawn: the reference solution, its training, and digits (n, 28, 28) from 0 to 1."""

    vit: ModuleType
    train: ModuleType
    options: Any  # of train.py, where none is given
    model: Any
    losses: Sequence[float]
    accuracies: Sequence[float]
    digits: Tensor
    unseen: TensorDataset  # the same digits, as the model takes them

    @property
    def numbers(self) -> dict[str, list[float]]:
        """What the text tells of the figures."""
        told = {"losses": self.losses, "accuracies": self.accuracies}
        return {name: [round(value, 4) for value in values] for name, values in told.items()}


def material(assignment: Assignment, most: int | None = None) -> Material:
    """Train the reference solution as `python train.py` does.

    most  digits to train and to test with, more than FIVE. Default: all that students have
    """
    modules = solution(assignment)
    vit, train = modules["vit"], modules["train"]
    options = train.parse_options([])
    learned, _ = _digits(assignment, "train", most)
    unseen, digits = _digits(assignment, "t10k", most)
    with (
        torch.random.fork_rng(devices=[]),
        _one_thread(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        model, losses, accuracies = train.fit(options, learned, unseen)
    return Material(vit, train, options, model.eval(), losses, accuracies, digits, unseen)


def _digits(assignment: Assignment, part: str, most: int | None) -> tuple[TensorDataset, Tensor]:
    images, labels = read_digits(assignment.student / "data", part)
    digits = images[:most].float() / 255
    return TensorDataset((digits[:, None] - MEAN) / STD, labels[:most]), digits


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums are the same then, however many processors there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


# --- patches and positions -------------------------------------------------------------------


def _patches(material: Material) -> Figure:
    digit, n = material.digits[FIVE], 4
    patches = material.vit.patchify(digit[None, None], n)[0].reshape(n * n, 7, 7)
    picture = pictures.new_picture(WIDE, 4.2)
    whole, strip = picture.subplots(2, 1, height_ratios=[1.75, 1])
    pictures.cut(whole, digit, n, "one image (1, 28, 28), n_patches = 4")
    pictures.mosaic(strip, patches, 8, "its 16 patches in order, 7 x 7 pixels each")
    return picture


def _flatten(material: Material) -> Figure:
    C, h, w = 2, 2, 3
    c, y, x = torch.meshgrid(*(torch.arange(n) for n in (C, h, w)), indexing="ij")
    numbers = 100 * c + 10 * y + x  # each number says where it stands
    flat = material.vit.patchify(numbers[None], 1)[0, 0]
    picture = pictures.new_picture(WIDE, 2.5)
    axes = _canvas(picture, 13.8, 6.5)
    first = 1.5  # where the cells begin
    for channel in range(C):
        left = first + 3.8 * channel
        _text(axes, left + 1.5, 6.1, f"channel {channel}")
        for row in range(h):
            _text(axes, left - 0.2, 5.2 - row, f"row {row}" if channel == 0 else "", ha="right")
            for column in range(w):
                _cell(axes, left + column, 4.7 - row, numbers[channel, row, column], channel)
    for place, number in enumerate(flat):
        _cell(axes, first + place, 1.5, number, place // (h * w))
    _arrow(axes, (first + 1.5, 3.55), (first + 1.5, 2.65))
    _text(axes, 11, 4.7, "one patch:\neach number is\nits channel, row\nand column")
    _text(axes, first + 2, 3.05, "flattened: channel, then row, then column", ha="left", size=9)
    for part in range(C * h):
        _text(axes, first + w * (part + 0.5), 1.1, f"row {part % h}", size=9)
    for channel in range(C):
        _text(axes, first + h * w * (channel + 0.5), 0.45, f"channel {channel}")
    return picture


def _positions(material: Material) -> Figure:
    table = material.vit.get_positional_embeddings(POSITIONS, WAVES)
    picture = pictures.new_picture(WIDE, 3.8)
    left, right = picture.subplots(1, 2)
    bar = pictures.table(left, table, f"the table:\n{POSITIONS} positions, d = {WAVES}", -1, 1)
    left.set(xlabel="column: sine, cosine, ...", ylabel="position")
    picture.colorbar(bar, ax=left, location="bottom", label="number in the table")
    bar = pictures.table(right, table @ table.T, "dot product\nof two positions", 0, WAVES / 2)
    right.set(xlabel="position", ylabel="position")
    right.locator_params(nbins=5)
    picture.colorbar(bar, ax=right, location="bottom", label="dot product")
    return picture


# --- what the trained model does -------------------------------------------------------------


def _attention(material: Material) -> Figure:
    n, heads = material.options.n_patches, material.options.n_heads
    image = material.unseen[FIVE][0][None]
    with torch.no_grad():
        maps = last_attention(lambda: material.model(image), n * n + 1, heads)
    assert maps is not None, "the reference solution computes its weights in the open"
    picture = pictures.new_picture(
        4.5, 5.2, "in each head: the larger a square,\nthe more the class token attends there"
    )
    for head, axes in enumerate(picture.subplots(2, heads // 2).flat):
        weights = maps[head, 0, 1:].reshape(n, n)
        title = f"head {head}, largest {weights.max():.2f}"
        pictures.pixels(axes, 0.35 * material.digits[FIVE], title)
        pictures.squares(axes, weights / weights.max(), 28 / n)
    return picture


def _curves(material: Material) -> Figure:
    return training.curves(material.losses, material.accuracies)


def _predictions(material: Material) -> Figure:
    shown = material.train.first_answers(material.model, material.unseen, training.SHOWN)
    return training.predictions(*shown)


# --- diagrams --------------------------------------------------------------------------------


def _block(material: Material) -> Figure:
    picture = pictures.new_picture(4.2, 5.4)
    axes = _canvas(picture, 8.4, 10.8)
    middle, around = 3.5, 1.2
    _text(axes, middle, 10.4, "x   (B, N, d)")
    halves = ((9.8, "norm1", "msa", "MyMSA"), (5.2, "norm2", "mlp", MLP))
    for top, norm, name, note in halves:
        for height, said, beside in ((top - 1.1, norm, "LayerNorm"), (top - 2.4, name, note)):
            _box(axes, middle, height, 2.4, 0.8, said)
            _text(axes, middle + 1.6, height, beside, ha="left")
        plus = top - 3.6
        axes.add_patch(Circle((middle, plus), 0.3, facecolor="white", edgecolor="black"))
        _text(axes, middle, plus, "+", size=13)
        _text(axes, middle + 1.6, plus, "(B, N, d)", ha="left")
        comes = 0.3 if norm == "norm1" else 0.7  # from x, or from the plus above
        for start, end in ((comes, -0.7), (-1.5, -2.0), (-2.8, -3.3)):
            _arrow(axes, (middle, top + start), (middle, top + end))
        leaves = top - 0.25  # before the norm: what goes around is the input itself
        axes.plot([middle, around, around], [leaves, leaves, plus], color="black", linewidth=1.2)
        _arrow(axes, (around, plus), (middle - 0.3, plus))
        axes.text(around - 0.4, (leaves + plus) / 2, "skip connection",
                  rotation=90, ha="center", va="center")  # fmt: skip
    _arrow(axes, (middle, 1.3), (middle, 0.35))
    return picture


MLP = "Linear d to 4d,\nGELU,\nLinear 4d to d"
STEPS = (
    ("images", "", "(B, C, H, W)", "(B, 1, 28, 28)"),
    (
        "patchify",
        "q1",
        "(B, n_patches**2,\nC * H/n_patches * W/n_patches)",
        "(B, 49, 16)",
    ),
    ("linear map", "q5", "(B, n_patches**2, d)", "(B, 49, 8)"),
    ("class token in front", "q5", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("+ positions", "q2", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("n_blocks encoder blocks", "q3, q4", "(B, n_patches**2 + 1, d)", "(B, 50, 8)"),
    ("take the class token", "q5", "(B, d)", "(B, 8)"),
    ("linear classifier: logits", "q5", "(B, num_classes)", "(B, 10)"),
)


def _model(material: Material) -> Figure:
    picture = pictures.new_picture(WIDE, 6.2)
    axes = _canvas(picture, 10.4, 12.4)
    shapes = "shape of the result;\ndigits: 7 patches a side, d = 8"
    for middle, text in ((2.3, "what is done\n(question)"), (7.35, shapes)):
        axes.text(middle, 11.8, text, ha="center", va="center", fontweight="bold")
    for number, (name, question, shape, example) in enumerate(STEPS):
        height = 10.6 - 1.4 * number
        _box(axes, 2.3, height, 4.0, 1.0, f"{name}\n({question})" if question else name)
        _text(axes, 7.35, height, f"{shape}\ndigits: {example}")
        if number:
            _arrow(axes, (2.3, height + 0.9), (2.3, height + 0.5))
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
            "A handwritten digit of 28 x 28 pixels under a 4 x 4 grid, and below it its 16 patches "
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
            "On each of its 4 x 4 patches stands a square, the larger the more the class token "
            "attends to that patch. The heads look at different parts of the digit.",
            _attention,
            trained=True,
        ),
        Illustration(
            "block",
            "The encoder block from top to bottom: x, norm1, msa, plus, norm2, mlp, plus. A skip "
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
            "Two curves over 10 epochs. The training loss falls, steeply at first, then slowly. The "
            "accuracy on unseen digits rises from about 60 to about 90 %, in small steps at the end.",
            _curves,
            trained=True,
        ),
        Illustration(
            "predictions",
            f"{training.SHOWN} handwritten digits with the trained model's answer above each. Where "
            "it is wrong, the digit has a frame and a cross, and above it stands both: its answer, "
            "and what it should be.",
            _predictions,
            trained=True,
        ),
    )
}
