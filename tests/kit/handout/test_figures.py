"""The handout's figures: the committed files are those that the code draws, and all are described."""

import io
import re
import struct
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from autograder.assignment.config import load
from autograder.handout import figures
from autograder.handout.skeleton import handed_out
from checks.show import pictures, training
from kit.workbench import ROOT

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 600_000
KIT = load(ROOT)
FIGURES = figures.illustrations(KIT)
PHONE = 358  # pixels that a phone has for a picture
NUMBERS = figures.numbers(KIT)
LINKED = re.compile(r"!\[([^\]]*)\]\(figures/(\w+)\.(?:svg|png)\)")


@pytest.fixture(scope="module")
def content(assignment):
    """What is drawn after a training on a few digits."""
    return figures.material(assignment, 200)


def parsed(source):
    """Return the root of an SVG and the texts in it."""
    root = ElementTree.parse(source).getroot()
    return root, ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]


def structure(root):
    """Return what an SVG has whatever the numbers in it: size, axes, images."""
    groups = [group.get("id", "") for group in root.iter(f"{SVG}g")]
    return {
        "size": root.get("viewBox"),
        "axes": sum(group.startswith("axes_") for group in groups),
        "images": sum(1 for _ in root.iter(f"{SVG}image")),
    }


def worded(texts):
    """Return the texts without their numbers."""
    return {re.sub(r"\d[\d.]*", "#", text) for text in texts}


@pytest.mark.parametrize("name", FIGURES)
def test_the_committed_svg_is_what_the_code_draws(name, assignment, content):
    drawn = io.BytesIO()
    with pictures.styled():
        figures.drawn(KIT, name, content).savefig(drawn, format="svg")
    drawn.seek(0)
    new, texts = parsed(drawn)
    old, old_texts = parsed(assignment.student / "figures" / f"{name}.svg")
    assert structure(old) == structure(new)
    if not FIGURES[name].trained:
        assert old_texts == texts
    else:  # the numbers differ, the words do not
        assert worded(old_texts) == worded(texts)


@pytest.mark.parametrize("name", FIGURES)
def test_the_committed_png_has_the_size_of_the_figure(name, assignment, content):
    picture = figures.drawn(KIT, name, content)
    header = (assignment.student / "figures" / f"{name}.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    inches = picture.get_size_inches() * pictures.DPI
    assert struct.unpack(">II", header[16:]) == tuple(int(side) for side in inches)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_described(name):
    alt = FIGURES[name].alt
    assert 60 < len(alt) < 500
    assert alt.isascii()
    assert alt.endswith(".")
    assert not re.search(r"[\[\]\n\"]", alt)  # it must stand in Markdown and in HTML


def test_letters_are_large_enough_to_be_read_on_a_phone(content):
    for name in FIGURES:
        picture = figures.drawn(KIT, name, content)
        texts = picture.findobj(lambda one: hasattr(one, "get_fontsize"))
        smallest = min(text.get_fontsize() for text in texts if text.get_text())
        inches = picture.get_size_inches()[0]
        shrunk = min(1, PHONE / (96 * inches))
        assert 96 / 72 * smallest * shrunk >= 8.5, name


def laid_out(picture):
    """Return where a picture's words and boxes are, in pixels of a screen; no numbers of axes."""
    picture.set_dpi(96)
    picture.draw_without_rendering()
    renderer = FigureCanvasAgg(picture).get_renderer()
    ticks = [one for axis in picture.findobj(Axis) for one in axis.findobj(Text)]
    names = [axis.label for axis in picture.findobj(Axis)]
    words = [(one.get_text(), one.get_window_extent(renderer)) for one in picture.findobj(Text)
             if one not in ticks or one in names]  # fmt: skip
    boxes = picture.findobj(lambda one: isinstance(one, FancyBboxPatch) and one.axes)
    return ([(text, place) for text, place in words if text],
            [box.get_window_extent(renderer) for box in boxes])  # fmt: skip


def too_near(picture):
    """Return which words of a picture stand too near to others, to its edge or to a box's."""
    words, boxes = laid_out(picture)
    found = []
    for number, (text, place) in enumerate(words):
        if place.x0 < 2 or place.x1 > picture.bbox.x1 - 2:
            found.append((text, "the edge"))
        for other, beside in words[number + 1 :]:
            apart = max(beside.x0 - place.x1, place.x0 - beside.x1)
            above = max(beside.y0 - place.y1, place.y0 - beside.y1)
            if apart < 4 and above < 0:
                found.append((text, other))
        for box in boxes:
            inside = box.x0 + 3 <= place.x0 and place.x1 <= box.x1 - 3
            outside = place.x1 + 4 <= box.x0 or box.x1 + 4 <= place.x0
            level = box.y0 < (place.y0 + place.y1) / 2 < box.y1
            if level and not inside and not outside:
                found.append((text, "a box"))
    return found


@pytest.mark.parametrize("name", FIGURES)
def test_no_words_nearly_touch(name, content):
    assert too_near(figures.drawn(KIT, name, content)) == []


def test_words_that_nearly_touch_are_found(content):
    """The model's figure, with the words of one box too long for it and for the picture."""
    picture = figures.drawn(KIT, "model", content)
    assert picture.axes[0].texts[2].get_text() == "images"
    picture.axes[0].texts[2].set_text("images, and much that is said of them besides")
    found = too_near(picture)
    assert {beside for _, beside in found} == {"a box", "the edge"}


def test_the_text_tells_what_the_curve_shows(assignment):
    """The number in the text, the curve's last point and its description are of one run."""
    losses, reached = NUMBERS["losses"], NUMBERS["accuracies"]
    page = (assignment.student / "README.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"The plain training reaches about (\d+) %", page)
    assert int(said) == round(100 * reached[-1])
    _, texts = parsed(assignment.student / "figures" / "curves.svg")
    assert f"{reached[-1]:.1%}" in texts
    epochs, first, last = map(int, re.findall(r"\d+", FIGURES["curves"].alt))
    assert epochs == len(losses) == len(reached)
    assert (first, last) == pytest.approx((100 * reached[0], 100 * reached[-1]), abs=3)


def test_the_committed_curves_go_through_the_numbers_kept_beside_them(assignment):
    drawn = io.BytesIO()
    kept = SimpleNamespace(losses=NUMBERS["losses"], accuracies=NUMBERS["accuracies"])
    with pictures.styled():
        figures.drawn(KIT, "curves", kept).savefig(drawn, format="svg")
    drawn.seek(0)
    new, old = parsed(drawn)[0], parsed(assignment.student / "figures" / "curves.svg")[0]
    assert lines(old) == lines(new)
    assert len(lines(old)) == 2


def lines(root):
    """Return the lines of an SVG, in whole points."""
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path")]
    bare = [re.findall(r"-?\d+(?:\.\d+)?", path) for path in paths if path.count("L") > 7]
    return [[round(float(number)) for number in numbers] for numbers in bare]


def test_the_folder_holds_the_figures_and_nothing_else(assignment):
    folder = assignment.student / "figures"
    names = {f"{name}{suffix}" for name in FIGURES for suffix in figures.SUFFIXES}
    assert {path.name for path in folder.iterdir()} == names
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES
    assert {f"figures/{name}" for name in names} <= handed_out(assignment).keys()


def test_what_the_handout_shows_is_there_and_described(assignment):
    text = (assignment.student / "README.md").read_text(encoding="utf-8")
    assert [(alt, name) for alt, name in LINKED.findall(text)
            if name not in FIGURES or alt != FIGURES[name].alt] == []  # fmt: skip


def test_a_training_answers_wrongly_and_rightly_apart(content):
    """A wrong answer has a frame, a cross and two numbers; a right one has none of these."""
    axes = figures.drawn(KIT, "predictions", content).axes
    wrong = [one for one in axes if "not" in one.get_title()]
    assert 0 < len(wrong) < len(axes) == training.SHOWN
    for one in axes:
        marks = (len(one.patches) > 0, len(one.lines) > 0)
        assert marks == ((True, True) if one in wrong else (False, False))


def test_the_attention_squares_are_as_large_as_the_weights(content):
    """The largest square of a head is that of its largest weight, which the title tells."""
    for axes in figures.drawn(KIT, "attention", content).axes:
        sides = [square.get_width() for square in axes.patches]
        assert len(sides) == 16
        assert max(sides) == pytest.approx(0.9 * 28 / 4)
        assert 0 < float(axes.get_title().split()[-1]) <= 1
