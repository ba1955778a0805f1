"""The handout's figures: the committed files are those that the code draws, and all are described."""

import io
import re
import struct
from xml.etree import ElementTree

import pytest

from autograder.assignment.config import load
from autograder.handout import figures
from autograder.handout.skeleton import handed_out
from checks.show import pictures
from kit.workbench import ROOT

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 600_000
KIT = load(ROOT)
FIGURES = figures.illustrations(KIT)
SHOWN = 16  # predictions
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


def test_letters_are_large_enough_to_be_read(content):
    for name in FIGURES:
        texts = figures.drawn(KIT, name, content).findobj(lambda one: hasattr(one, "get_fontsize"))
        assert min(text.get_fontsize() for text in texts if text.get_text()) >= 8, name


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
    assert 0 < len(wrong) < len(axes) == SHOWN
    for one in axes:
        marks = (len(one.patches) > 0, len(one.lines) > 0)
        assert marks == ((True, True) if one in wrong else (False, False))


def test_the_attention_squares_are_as_large_as_the_weights(content):
    """The largest square of a head is that of its largest weight, which the title tells."""
    for axes in figures.drawn(KIT, "attention", content).axes:
        sides = [square.get_width() for square in axes.patches]
        assert len(sides) == 49
        assert max(sides) == pytest.approx(0.9 * 28 / 7)
        assert 0 < float(axes.get_title().split()[-1]) <= 1
