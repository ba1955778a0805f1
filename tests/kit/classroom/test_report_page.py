"""The report of a class: as text, and in a real browser sorted, searched, opened and printed."""

import itertools
import os
import re
import subprocess
from dataclasses import replace

import pytest

from autograder.classroom.book.ledger import Decided, Given, Status, read
from autograder.classroom.book.ledger import opened as opened_book
from autograder.classroom.handing_on import delivery
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.report import compare, page
from autograder.classroom.report.history import Run
from autograder.classroom.report.tally import Tally
from autograder.errors import KitError
from kit.browser import browser_here, launched, violations
from kit.classroom.class_of import graded_class, report_of

NAMED = "got  5\n\nThese are exactly the numbers that come out if {}"
SCRIPT, IMAGE = "<script>document.title='x'</script>", '"><img src=x onerror="document.title=1">'
LONG = "torch.nn.functional.scaled_dot_product_attention" * 3
TURNED = r"evil\u202egnp"
GIVEN = (
    Given("q8", "A report", f"{SCRIPT} {IMAGE}", 4, 3.5, "No unit on the y axis of the plot", "me"),
    Given("q8", "A report", "What it shows", 6),
)
DECIDED = Decided("q1", "+2", f"{SCRIPT} {IMAGE}", "A. Tutor", 9.5, 7.5, 7.0, "other")


@pytest.fixture(scope="module")
def out(assignment, tmp_path_factory):
    """A class with everything that a report shows, and with names and messages that attack it."""
    hostile = f"{SCRIPT} {IMAGE} </pre></title>"
    reports = {
        "anna": report_of(assignment, 1.0),
        "ben": report_of(assignment, 0.5, NAMED.format("the patches run down."), 12.5),
        "cleo": report_of(assignment, 0.25, NAMED.format("the patches run down."), 0.25),
        "dan10": report_of(assignment, 0.0, hostile),
        "dan9": report_of(assignment, 0.1, NAMED.format(SCRIPT)),
        SCRIPT: report_of(assignment, 0.0),
        IMAGE: report_of(assignment, 0.0),
        TURNED: report_of(assignment, 0.0),
        "Zoë Ångström": report_of(assignment, 0.75),
        "李四": report_of(assignment, 0.75),
        "long": replace(
            report_of(assignment, 0.5, f"`{LONG}` is not allowed here, and neither is {LONG}"),
            notes=(f"{LONG}.py was graded as vit.py.",),
            facts={"processor": LONG},
        ),
    }
    place = tmp_path_factory.mktemp("class")
    then = [Run(f"{LONG}-{year}", 9, {("q1", SCRIPT): 5}) for year in range(2020, 2025)]
    people = {"decided": (DECIDED,), "by_hand": GIVEN, "round": 0.5}
    graded_class(place, assignment, reports, then, cleo={"status": Status.OUR_FAULT},
                 anna={"student": "Anna Ärmel"}, ben=people)  # fmt: skip
    return place


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


@pytest.fixture
def opened(browser, out):
    """The report in a browser without a network; whatever the browser complains of fails the test."""
    context = browser.new_context(offline=True)
    shown, said = context.new_page(), []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on("dialog", lambda dialog: said.append(dialog.message))
    shown.goto((out / "report.html").as_uri())
    yield shown
    context.close()
    assert said == []


def names(shown):
    rows = shown.locator("#class tbody tr:not([hidden]) th")
    return [text.strip() for text in rows.all_inner_texts()]


def test_the_page_needs_no_other_file_and_runs_one_script(out):
    text = (out / "report.html").read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert re.findall(r"<(?:link|img|iframe)\b", text) == []
    assert len(re.findall("<script", text)) == 1
    assert "script-src &#39;sha256-" in text or "script-src 'sha256-" in text


def test_what_attacks_the_page_is_text(out):
    for path in (
        *out.glob("*.html"),
        *out.glob("details/*.html"),
        *out.glob("submissions/*/*.html"),
    ):
        text = path.read_text()
        assert SCRIPT not in text
        assert IMAGE not in text
        assert "\u202e" not in text


def test_figures_are_those_of_the_class(assignment):
    tally = Tally()
    for name, share in (("a", 1.0), ("b", 0.5), ("c", 0.5), ("d", 0.0)):
        said = NAMED.format("the rows are columns.") if share == 0.5 else ""
        if name == "d":  # what a student's own code says is nobody's mistake
            said = "got       Bad: " + NAMED.splitlines()[-1].format("it rains.")
        tally.add(name, report_of(assignment, share, said))
    assert [bin.count for bin in tally.bins] == [0, 0, 0, 0, 0, 1, 0, 2, 0, 1]
    assert dict(tally.summary) == {"mean": 22.5, "median": 22.5, "lowest": 15, "highest": 30}
    (mistake,) = tally.mistakes
    assert (mistake.question, mistake.name, mistake.submissions) == (
        "q1",
        "the rows are columns",
        ("b", "c"),
    )
    q1, q2 = tally.questions.values()
    assert (q1.full, q1.mean, q2.full) == (1, 7.5, 4)
    assert [(check.test, check.passed, check.of) for check in q1.listed] == [
        ("q1.1", 1, 4),
        ("q1.2", 1, 4),
    ]


def test_a_page_for_students_shows_what_they_may_see(out, assignment):
    row = next(r for r in read(out).rows if r.submission == "ben")
    own = (out / "submissions" / row.folder / "feedback.html").read_text()
    teachers = (out / "details" / f"{row.folder}.html").read_text()
    assert own.count("the patches run down") == 1
    assert "the patches run down" in teachers
    assert "This is a hidden check" in own
    assert "This is a hidden check" not in teachers
    assert "Seed" not in own


@browser_here
def test_columns_sort_by_number_or_by_name_and_say_so(opened):
    head = opened.locator("#class thead th", has_text="score")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    scores = [float(text) for text in opened.locator("#class td:nth-child(3)").all_inner_texts()]
    assert scores == sorted(scores)
    head.get_by_role("button").press("Enter")  # by keyboard as well
    assert head.get_attribute("aria-sort") == "descending"
    assert names(opened)[0] == "anna"
    opened.get_by_role("button", name="submission").click()
    assert head.get_attribute("aria-sort") == "none"
    found = names(opened)
    assert found.index("dan9") < found.index("dan10")
    opened.get_by_role("button", name="seconds").click()
    assert names(opened)[0] == "cleo"


@browser_here
def test_the_search_finds_names_in_any_script_and_counts(opened):
    field = opened.get_by_label("Search")
    for typed, found in (("angstrom", ["Zoë Ångström"]), ("李", ["李四"]), ("ANNA armel", ["anna"]),
                         ("our fault", ["cleo"]), ("nobody", [])):  # fmt: skip
        field.fill(typed)
        assert names(opened) == found
        assert opened.get_by_role("status").inner_text() == f"{len(found)} of 11 shown"
    field.fill("")
    assert len(names(opened)) == 11


@browser_here
def test_a_student_is_opened_and_the_way_back_found(opened):
    opened.locator("#class").get_by_role("link", name="ben").click()
    assert opened.locator("h1").inner_text() == "ben"
    assert "the patches run down" in opened.locator("body").inner_text()
    opened.get_by_role("link", name="The page for the student").click()
    assert opened.get_by_role("link").count() == 0  # from there leads nothing into the class
    opened.go_back()
    opened.get_by_role("link", name="The class").click()
    assert opened.get_by_role("heading", name="Submissions").is_visible()


@browser_here
def test_hostile_names_and_messages_are_read_as_text(opened):
    title = opened.title()
    for name in (SCRIPT, IMAGE, TURNED):
        assert name in names(opened)
    opened.get_by_text("who", exact=True).first.click()
    opened.locator("#class").get_by_role("link", name="dan10").click()
    assert opened.locator("pre", has_text=SCRIPT).count() == 1
    assert opened.locator("img").count() == 0
    opened.go_back()
    opened.locator("#class").get_by_role("link", name=IMAGE).click()
    assert opened.locator("h1").inner_text() == IMAGE
    assert title == "A Vision Transformer from scratch: the class"


@browser_here
def test_keyboard_and_screen_reader_find_their_way(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert opened.evaluate(outline) == "solid"
    assert opened.get_by_role("img", name="Distribution of scores").count() == 1
    assert "27 to 30 points: 1." in opened.locator("svg desc").text_content()
    for table in opened.locator("table").all():
        assert table.locator("caption").count() == 1
        assert table.locator("thead th:not([scope=col])").count() == 0
        assert table.locator("tbody tr").count() == table.locator("tbody th[scope=row]").count()
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@browser_here
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_nothing_in_the_class_nor_in_a_students_page(opened, scheme, width):
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 900})
    for details in opened.locator("details").all():
        details.evaluate("one => one.open = true")
    assert violations(opened) == {}
    opened.locator("#class").get_by_role("link", name="ben").click()
    assert violations(opened) == {}
    opened.get_by_role("link", name="The page for the student").click()
    assert violations(opened) == {}


def channel(value):
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def brightness(colour):
    red, green, blue = (channel(int(part)) for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@browser_here
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_schemes(opened, scheme):
    opened.emulate_media(color_scheme=scheme)
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (brightness(paper) > 0.5) is (scheme == "light")
    for part in ("body", ".soft", "a", "th button", "td.bad", "dd"):
        ink = opened.evaluate(f"getComputedStyle(document.querySelector({part!r})).color")
        light, dark = sorted([brightness(paper), brightness(ink)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, part


SIDEWAYS = """[document.documentElement, ...document.querySelectorAll('.scroll, pre')]
    .filter(part => part.clientWidth && part.scrollWidth > part.clientWidth + 1)
    .map(part => part.outerHTML.slice(0, 200))"""


@browser_here
@pytest.mark.parametrize("width", [390, 360])
def test_nothing_scrolls_sideways_on_a_phone(browser, out, width):
    context = browser.new_context(offline=True, viewport={"width": width, "height": 844})
    shown = context.new_page()
    pages = (out / "report.html", *out.glob("details/*.html"), *out.glob("submissions/*/*.html"))
    for path in pages:
        shown.goto(path.as_uri())
        shown.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert shown.evaluate(SIDEWAYS) == [], path
    context.close()
    assert len(pages) == 1 + 2 * 11


@browser_here
def test_in_print_checks_are_open_and_tools_are_gone(opened):
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.get_by_label("Search").is_hidden()
    assert opened.get_by_text("A hidden check.").first.is_visible()
    opened.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.get_by_text("A hidden check.").first.is_hidden()


@pytest.fixture
def share(tmp_path, assignment):
    """A class on a share that is only read."""
    place = tmp_path / "share"
    graded_class(
        place, assignment, {"anna": report_of(assignment), "ben": report_of(assignment, 0)}
    )
    bind = ["mount", "--bind", place, place]
    if os.geteuid() or subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("a share that is only read needs root on Linux to be made")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_class_on_a_share_that_is_only_read_can_be_compared_and_exported(share, assignment):
    batch = read(share)
    assert compare.moves(share, batch, share, batch).same == 2
    wanted = Wanted(gradescope=True)
    with pytest.raises(KitError, match=r"Read-only file system\n.*--into FOLDER"):
        list(delivery.write(assignment, share, share / "exports", wanted, None))
    with (
        pytest.raises(KitError, match=r"Read-only file system\n.*may write into"),
        opened_book(share, assignment),
    ):
        pass
    told = list(delivery.write(assignment, share, share.parent / "exports", wanted, None))
    assert any("2 submissions" in line for line in told)


@browser_here
def test_a_report_on_a_share_that_is_only_read_is_sorted_searched_and_followed(browser, share):
    context = browser.new_context(offline=True)
    shown, said = context.new_page(), []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.goto((share / "report.html").as_uri())
    shown.get_by_role("button", name="score").click()
    assert names(shown) == ["ben", "anna"]
    shown.get_by_label("Search").fill("anna")
    assert names(shown) == ["anna"]
    shown.locator("#class").get_by_role("link", name="anna").click()
    shown.get_by_role("link", name="The page for the student").click()
    assert shown.locator("h1").inner_text() == "anna"
    context.close()
    assert said == []


@browser_here
def test_two_thousand_rows_can_be_sorted_and_searched(browser, tmp_path, assignment):
    report, tally = report_of(assignment, 0.5), Tally()
    batch = graded_class(tmp_path, assignment, {"a": report})
    tally.add("a", report)
    row = batch.rows[0]
    rows = tuple(
        replace(row, submission=f"s{n}", student=f"s{n}", score=n / 100) for n in range(2000)
    )
    (tmp_path / "big.html").write_bytes(page.report_page(replace(batch, rows=rows), tally, ()))
    shown = browser.new_page()
    shown.goto((tmp_path / "big.html").as_uri())
    for _ in range(2):
        shown.get_by_role("button", name="score").click()
    assert shown.locator("#class tbody th").first.inner_text() == "s1999"
    shown.get_by_label("Search").fill("s199")
    assert shown.get_by_role("status").inner_text() == "11 of 2000 shown"
    shown.close()
