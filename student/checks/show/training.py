"""The two pictures of a training: loss and accuracy by epoch, and digits with the model's answers.

`python train.py` saves them, and the handout shows those of such a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import Tensor

from checks.show import pictures
from checks.show.pictures import Picture

ROWS, COLUMNS = 3, 6
SHOWN = ROWS * COLUMNS  # digits in one picture


def curves(losses: Sequence[float], accuracies: Sequence[float]) -> Picture:
    """Draw the mean loss and the share of right answers, from 0 to 1, after every epoch."""
    with pictures.styled():
        picture = pictures.new_picture(pictures.WIDTH, 2.7)
        left, right = picture.subplots(1, 2)
        _curve(left, losses, "o")
        left.set(title="training loss", ylabel="mean cross-entropy (nats)")
        left.set_ylim(0, max(2.5, *losses))
        _curve(right, accuracies, "s")
        right.set(title="accuracy on unseen digits", ylabel="read correctly (%)", ylim=(0, 1.02))
        right.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        right.annotate(f"{accuracies[-1]:.1%}", (len(accuracies), accuracies[-1]), (0, -10),
                       textcoords="offset points", ha="right", va="top")  # fmt: skip
        return picture


def _curve(axes: Axes, values: Sequence[float], marker: str) -> None:
    axes.plot(range(1, len(values) + 1), values, marker=marker, markersize=5, color="black")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.grid(color="0.85")


def predictions(images: Iterable[Tensor], labels: Sequence[int], answers: Sequence[int]) -> Picture:
    """Draw digits (H, W), each with the model's answer above; a wrong one stands out.

    Where the answer is wrong, the digit has a frame and a cross, and above it stand both.
    """
    with pictures.styled():
        picture = pictures.new_picture(pictures.WIDTH, 3.4)
        axes = list(picture.subplots(ROWS, COLUMNS).flat)
        for place in axes:
            place.set_axis_off()  # where there are fewer digits than places
        for place, image, label, answer in zip(axes, images, labels, answers):
            place.set_axis_on()
            pictures.pixels(place, image, f"{answer}")
            if answer != label:
                height, width = image.shape
                place.set_title(f"{answer}, not {label}", fontweight="bold")
                pictures.frame(place, 0.5, 0.5, height - 1, width - 1)
                pictures.cross(place, [(height - 4.5, width - 4.5)], size=8)
        return picture
