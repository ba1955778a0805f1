"""The vocabulary of pictures: digits, tables and the marks on them, readable in grey and in print.

Meaning never rests on colour alone: what differs has a frame, a cross or a number as well. Tables
are drawn in cividis, whose brightness rises evenly for every eye, and pixels in greys. Nothing here
needs a screen, and pyplot is never imported: a program's own figures are left alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from torch import Tensor

DPI = 110
WIDTH = 5.2  # inches: so narrow that letters can still be read where a phone shrinks the picture
TABLE = "cividis"
INK = "gray_r"  # pixels: 0 is paper, 1 is ink
PAPER = "0.82"  # between patches: darker than their background, lighter than ink
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "svg.fonttype": "none",  # text stays text; DejaVu Sans is wide, so other fonts fit as well
}


class Picture(Figure):
    """A figure that notebooks show without pyplot, and describe by its titles."""

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        buffer = io.BytesIO()
        with styled():
            self.savefig(buffer, format="png", dpi=DPI)
        titles = [self.get_suptitle(), *(axes.get_title() for axes in self.axes)]
        return buffer.getvalue(), {"alt": "; ".join(title for title in titles if title)}


@contextmanager
def styled(**more: Any) -> Iterator[None]:
    """Draw with the settings of these pictures, whatever the user's own settings are."""
    with matplotlib.style.context(["default", {**STYLE, **more}]):
        yield


def new_picture(width: float, height: float, title: str = "") -> Picture:
    """Return an empty picture, in inches."""
    picture = Picture(figsize=(width, height), layout="constrained")
    if title:
        picture.suptitle(title)
    return picture


def save(picture: Figure, path: Path) -> None:
    """Save as PNG; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with styled():
        picture.savefig(path, dpi=DPI, format="png")


def pixels(axes: Axes, image: Tensor, title: str = "") -> None:
    """Draw one image (H, W) of numbers from 0 to 1 as ink on paper."""
    axes.imshow(image.numpy(), cmap=INK, vmin=0, vmax=1)
    axes.set_title(title)
    _without_ticks(axes)


def cut(axes: Axes, image: Tensor, n: int, title: str = "") -> None:
    """Draw one image (H, W) with the n x n grid along which it is cut, the patches numbered."""
    pixels(axes, image, title)
    height, width = image.shape
    for line in range(1, n):
        for draw, place in ((axes.axhline, line * height / n), (axes.axvline, line * width / n)):
            draw(place - 0.5, color="0.5", linewidth=1.5)
    for number in range(n * n):
        row, column = divmod(number, n)
        _number(axes, row * height / n, column * width / n, number)


def mosaic(axes: Axes, patches: Tensor, n: int, title: str, framed: Tensor | None = None) -> None:
    """Draw patches (number, h, w) in rows of n with gaps, numbered; those `framed` stand out."""
    count, h, w = patches.shape
    sheet = np.full((count // n * (h + 1) + 1, n * (w + 1) + 1), np.nan)
    for number, patch in enumerate(patches):
        row, column = divmod(number, n)
        top, left = row * (h + 1) + 1, column * (w + 1) + 1
        sheet[top : top + h, left : left + w] = patch.numpy()
    axes.imshow(np.ma.masked_invalid(sheet), cmap=INK, vmin=0, vmax=1)
    axes.set_facecolor(PAPER)
    axes.set_title(title)
    _without_ticks(axes)
    for number in range(count):
        row, column = divmod(number, n)
        top, left = row * (h + 1) + 1, column * (w + 1) + 1
        _number(axes, top, left, number)
        if framed is not None and framed[number]:
            frame(axes, top, left, h, w)
            cross(axes, [(top + h - 1.2, left + w - 1.2)])


def table(
    axes: Axes, numbers: Tensor, title: str, low: float, high: float, colors: str = TABLE
) -> AxesImage:
    """Draw a table of numbers; return what a colour bar is made for."""
    shown = axes.imshow(numbers.numpy(), cmap=colors, vmin=low, vmax=high, aspect="auto")
    axes.set_title(title)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    return shown


def pattern(axes: Axes, numbers: Tensor, title: str) -> None:
    """Draw a table of 0 and 1 as empty and dark cells."""
    table(axes, numbers, title, 0, 1.4, INK)
    rows, columns = numbers.shape
    for line in range(1, rows):
        axes.axhline(line - 0.5, color=PAPER, linewidth=0.6)
    for line in range(1, columns):
        axes.axvline(line - 0.5, color=PAPER, linewidth=0.6)


def written(axes: Axes, numbers: Tensor, high: float) -> None:
    """Write each number of a table into its cell."""
    for (row, column), value in np.ndenumerate(numbers.numpy()):
        axes.text(
            column,
            row,
            f"{value:.2f}".replace("0.", ".", 1),
            ha="center",
            va="center",
            fontsize=7.5,
            color="black" if value > high / 2 else "white",
        )


def squares(axes: Axes, sizes: Tensor, step: float) -> None:
    """Put a square on every patch of `step` pixels, its area in proportion to sizes from 0 to 1."""
    for (row, column), size in np.ndenumerate(sizes.numpy()):
        side = 0.9 * step * float(size) ** 0.5
        middle = ((column + 0.5) * step - 0.5, (row + 0.5) * step - 0.5)
        corner = middle[0] - side / 2, middle[1] - side / 2
        axes.add_patch(
            Rectangle(corner, side, side, facecolor="black", edgecolor="white", linewidth=0.7)
        )


def frame(axes: Axes, top: float, left: float, height: float, width: float) -> None:
    """Put a frame around pixels, black on white, so that it is seen on any background."""
    for color, line in (("white", 4.5), ("black", 2.0)):
        axes.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5), width, height, fill=False, edgecolor=color, linewidth=line
            )
        )


def cross(axes: Axes, places: list[tuple[float, float]], size: float = 6) -> None:
    """Put a cross, black on white, at every place (row, column)."""
    if places:
        rows, columns = zip(*places)
        axes.plot(
            columns,
            rows,
            linestyle="none",
            marker="x",
            markersize=size,
            markeredgewidth=1.6,
            color="black",
            path_effects=[withStroke(linewidth=3.6, foreground="white")],
        )


def crossed(axes: Axes, where: Tensor) -> None:
    """Put a cross on every cell of a table where `where` is true."""
    cross(axes, [(row, column) for row, column in where.nonzero().tolist()])


def _number(axes: Axes, top: float, left: float, number: int) -> None:
    axes.text(
        left,
        top,
        str(number),
        ha="left",
        va="top",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )


def _without_ticks(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
