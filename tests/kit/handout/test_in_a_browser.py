"""README and notebook as they are read: on a wide screen, on a phone, and with a screen reader."""

import itertools

import nbformat
import pytest
from markdown_it import MarkdownIt

from autograder.handout.figures import illustrations
from kit.browser import browser_here, launched, violations

WIDTHS = (1280, 390)
# What belongs to the page around the text, which GitHub, Jupyter or Colab make, and no source can
# change. Of the README, the colours are those of the stylesheet below: they are looked at.
SCROLLS = (
    "a command may be wider than a phone; whether the keyboard reaches it is the host's matter"
)
HOSTS = {
    "README": {"scrollable-region-focusable": SCROLLS},
    "notebook": {
        "scrollable-region-focusable": SCROLLS,
        "color-contrast": "prompts and coloured code have the colours of the notebook's theme",
        "link-in-text-block": "so have links, which its theme does not underline",
    },
}
LOOKS = """
    body { margin: 0; color: #1f2328; background: #fff; font: 16px/1.5 sans-serif; }
    main { max-width: 1012px; margin: auto; padding: 16px; overflow-wrap: break-word; }
    img { max-width: 100%; }
    pre { padding: 16px; overflow: auto; background: #f6f8fa; font: 13.6px/1.45 monospace; }
    table { display: block; max-width: 100%; overflow: auto; border-collapse: collapse; }
    th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
    a { color: #0550ae; }
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>README</title>
    <meta name="viewport" content="width=device-width"><base href="{}/"><style>{}</style></head>
    <body><main>{}</main></body></html>"""


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


@pytest.fixture(scope="module")
def pages(assignment, tmp_path_factory):
    """The two as HTML files: the README as GitHub lays it out, the notebook as nbconvert does."""
    nbconvert = pytest.importorskip("nbconvert")
    text = (assignment.student / "README.md").read_text(encoding="utf-8")
    shown = MarkdownIt("commonmark").enable("table").render(text)
    book = nbformat.read(assignment.student / "assignment.ipynb", 4)
    content = {
        "README": PAGE.format(assignment.student.as_uri(), LOOKS, shown),
        "notebook": nbconvert.HTMLExporter().from_notebook_node(book)[0],
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, html in content.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return folder


@pytest.fixture(params=WIDTHS)
def opened(request, browser, pages):
    """opened("README") is the page in a window of each width, without a network."""
    context = browser.new_context(offline=True, viewport={"width": request.param, "height": 900})

    def open_(name):
        page = context.new_page()
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield open_
    context.close()


@browser_here
@pytest.mark.parametrize("name", HOSTS)
def test_axe_finds_no_barrier(opened, name):
    assert violations(opened(name), HOSTS[name]) == {}


@browser_here
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("document.querySelector('img').removeAttribute('alt')", "image-alt"),
        ("document.querySelector('h2').outerHTML = '<h4>The idea</h4>'", "heading-order"),
        ("document.querySelector('h1').remove()", "page-has-heading-one"),
        ("document.querySelector('th').textContent = ''", "empty-table-header"),
        ("document.querySelector('a[href]').textContent = ''", "link-name"),
        ("document.querySelector('p').style.color = '#bbb'", "color-contrast"),
    ],
)
def test_axe_finds_a_barrier_that_was_put_there(opened, change, rule):
    page = opened("README")
    page.evaluate(change)
    assert violations(page, HOSTS["README"]).keys() == {rule}


@browser_here
@pytest.mark.parametrize("name", HOSTS)
def test_every_figure_is_shown_and_described(opened, name, assignment):
    images = opened(name).locator("img")
    told = [figure.alt for figure in illustrations(assignment).values()]
    assert sorted(image.get_attribute("alt") for image in images.all()) == sorted(told)
    assert all(image.evaluate("image => image.naturalWidth > 0") for image in images.all())


@browser_here
@pytest.mark.parametrize("name", HOSTS)
def test_headings_go_down_step_by_step(opened, name):
    find = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => +one.tagName[1])"
    levels = opened(name).evaluate(find)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@browser_here
@pytest.mark.parametrize("name", HOSTS)
def test_no_page_is_wider_than_its_window(opened, name):
    page = opened(name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.images].every(one => one.clientWidth <= innerWidth)")
