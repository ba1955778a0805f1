"""nbgrader.zip: its source notebook, and a real course with submissions of every kind."""

import json
import logging
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from autograder.assignment.points import total_of
from autograder.errors import KitError
from autograder.handout.editions import Editions, notebook
from autograder.platforms import build
from autograder.platforms.artefacts import nbgrader, nbgrader_notebook
from autograder.platforms.bundle import File
from autograder.platforms.secrecy import secrets_in
from kit.platforms import five
from kit.platforms.as_nbgrader import BOOK, INSTALLED, LINE, Course, code_cell, fill, name_of, write
from kit.platforms.as_nbgrader import read as cells_of
from kit.workbench import proof

real = pytest.mark.skipif(not INSTALLED, reason="the extra [nbgrader] is not installed")
GRADED = "half-done changed deleted twice odd own-files two".split()  # of the class below


# --- the source notebook ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(assignment):
    return json.loads(nbgrader_notebook.notebook(assignment))


def marked(book):
    """The cells that nbgrader knows, by their ids."""
    cells = [cell for cell in book["cells"] if "nbgrader" in cell["metadata"]]
    return {name_of(cell): cell for cell in cells}


def test_every_question_has_an_autograded_cell_with_its_points(assignment, book):
    known = {name: cell["metadata"]["nbgrader"] for name, cell in marked(book).items()}
    assert len(known) == sum("nbgrader" in cell["metadata"] for cell in book["cells"])
    points = {name: about["points"] for name, about in known.items() if about["grade"]}
    assert points == {name: q.points for name, q in assignment.questions.items()}
    for name, about in known.items():
        assert about["schema_version"] == 3
        assert about["locked"] is not about["solution"]
        assert about["solution"] is name.endswith("-answer")
        assert about["grade"] is (name in points)
    texts = [cell for cell in book["cells"] if cell["cell_type"] == "markdown"]
    assert all(cell["metadata"]["nbgrader"]["locked"] for cell in texts)


def test_every_answer_has_its_regions_whole(assignment, book):
    answers = [cell for name, cell in marked(book).items() if name.endswith("-answer")]
    regions = 0
    for cell in answers:
        marks = re.findall(r"^ *### (BEGIN|END) SOLUTION$", "".join(cell["source"]), re.MULTILINE)
        assert marks == ["BEGIN", "END"] * (len(marks) // 2) != []
        regions += len(marks)
    written = (assignment.solution / file for file in assignment.settings.files)
    assert regions == sum(path.read_text().count(" SOLUTION") for path in written)


def test_without_our_config_no_autograded_cell_passes(assignment, book):
    for name in assignment.questions:
        text = "".join(marked(book)[name]["source"])
        assert re.search("### BEGIN HIDDEN TESTS\nraise .*\n### END HIDDEN TESTS$", text)


def test_a_question_without_a_check_is_told(copied):
    text = copied.solution / "handout.md.j2"
    text.write_text(text.read_text().replace('{{ check("q2") }}', ""))
    with pytest.raises(KitError, match=r"q2 has no cell that checks it") as told:
        nbgrader_notebook.notebook(copied)
    assert '{{ check("q2") }}' in str(told.value)


def test_what_students_would_see_is_searched(copied, monkeypatch):
    unfinished = nbgrader_notebook.released
    monkeypatch.setattr(nbgrader, "released", lambda *given: unfinished(given[0], solved))
    editions = Editions(copied)
    solved = editions.pieces(editions.solved)
    with pytest.raises(KitError, match="a line of the solution"):
        nbgrader.files(copied)


# --- a course ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(quick_kit, tmp_path_factory):
    place = tmp_path_factory.mktemp("nbgrader")
    [built] = build.build(quick_kit, ["nbgrader"], place)
    return Course(built.zip.path, place)


@pytest.fixture(scope="module")
def done(course, assignment, tmp_path_factory):
    """A class that was graded: each has handed in the half-done one, in a way of their own."""
    half = five.submissions(assignment, tmp_path_factory.mktemp("five"))["half-done"]
    folders = {student: course.submitted(student) for student in [*GRADED, "broken", "none"]}
    for folder in folders.values():
        fill(folder / BOOK, half)
    trap = course.place / "it was run"
    for student, change in (
        ("changed", changed),
        ("deleted", deleted),
        ("twice", twice),
        ("odd", odd),
    ):
        content = cells_of(folders[student] / BOOK)
        content["metadata"]["language_info"] = {"name": '"><script>alert(5)</script>'}
        change(content["cells"], f"open({str(trap)!r}, 'w').close()")
        write(folders[student] / BOOK, content)
    for name in (
        "sitecustomize.py",
        "nbgrader_config.py",
        "vit.py",
        "nbformat.py",
        "autograder.py",
    ):
        (folders["own-files"] / name).write_text("raise SystemExit('taken over')\n")
    for name in ("autograded", "feedback", ".ipynb_checkpoints"):
        (folders["own-files"] / name).mkdir()
        shutil.copy(folders["two"] / BOOK, folders["own-files"] / name)
    shutil.copy(folders["two"] / BOOK, folders["two"] / "Copy of assignment.ipynb")
    (folders["broken"] / BOOK).write_text("<html>")
    (folders["none"] / BOOK).rename(folders["none"] / "mine.ipynb")
    told = course.nbgrader("autograde", course.name, status=1)
    assert not trap.exists()
    return told.stderr, course.marks(*GRADED)


def changed(cells, trap):
    """An autograded cell holds an answer and a trap, and claims a thousand points."""
    [answer], [check] = named(cells, "q1-answer"), named(cells, "q1")
    check["source"], answer["source"] = f"{answer['source']}\n\n{trap}", "pass"
    check["metadata"]["nbgrader"] |= {"points": 1000, "grade": True, "locked": False}
    named(cells, "q3")[0]["cell_type"] = "markdown"
    named(cells, "q4")[0]["metadata"]["nbgrader"] = {"grade_id": "q4", "schema_version": 1}
    named(cells, "q5")[0]["metadata"]["nbgrader"] = "q5"


def deleted(cells, trap):
    """Two autograded cells, an answer's mark and a text are gone."""
    for name in ("q1", "q2", "text-0"):
        cells.remove(named(cells, name)[0])
    del named(cells, "q2-answer")[0]["metadata"]["nbgrader"]


def twice(cells, trap):
    """An autograded cell and an answer are there twice, first with a trap; one id is unknown."""
    for name in ("q2", "q1-answer"):
        copy = json.loads(json.dumps(named(cells, name)[0]))
        cells.insert(0, {**copy, "source": trap})
    own = code_cell(trap)
    own["metadata"] = {
        "nbgrader": {**named(cells, "q2")[0]["metadata"]["nbgrader"], "grade_id": "q9"}
    }
    cells.append(own)


def odd(cells, trap):
    """Half a surrogate pair, a check with attachments, a script, and a long text."""
    named(cells, "q3")[0]["cell_type"] = "markdown"
    named(cells, "q3")[0]["attachments"] = {"a.png": {"image/png": "AAAA"}}
    texts = [
        "half \ud800 a pair",
        "```\n<script>alert(1)</script>\n````\n<img src=x onerror=alert(2)> [me](javascript:alert(3))",
        "[" * 50_000,
    ]
    cells[:0] = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
    cells.append({"cell_type": "raw", "metadata": {}, "source": "<script>alert(4)</script>"})


def named(cells, name):
    return [cell for cell in cells if name_of(cell) == name]


@proof
@real
def test_the_release_is_the_students_notebook(course, assignment, quick_kit):
    ours = json.loads(notebook(quick_kit))["cells"]
    ours = {cell["id"]: "".join(cell["source"]) for cell in ours}
    released = {cell["id"]: cell["source"] for cell in cells_of(course.release / BOOK)["cells"]}
    assert ours.items() <= released.items()
    assert "text-nbgrader" in released
    packed = {
        path.relative_to(course.release).as_posix(): File(path.read_bytes())
        for path in course.release.rglob("*")
        if path.is_file()
    }
    assert secrets_in(packed, assignment) == []
    given = {path.relative_to(assignment.student).as_posix() for path in
             (assignment.student / "checks").rglob("*.py")}  # fmt: skip
    assert given <= set(packed)


@proof
@real
@pytest.mark.parametrize("student", GRADED)
def test_marks_are_those_of_autograder_grade(course, done, wanted, student):
    """Whatever became of the cells that nbgrader knows."""
    marks = done[1][student]
    assert {name: mark.score for name, mark in marks.items()} == wanted["half-done"]
    assert {name: mark.most for name, mark in marks.items()} == five.ALL


@proof
@real
def test_a_notebook_that_is_none_earns_nothing_and_holds_up_nobody(course, done, wanted):
    (done, _), scores = done, course.exported()
    assert float(scores["broken"]) == float(scores["none"]) == 0
    assert "processing assignment 'a-vision-transformer-from-scratch' for student 'broken'" in done
    assert "Skipping unknown notebook" in done
    assert "taken over" not in done
    assert scores["half-done"] == str(total_of(wanted["half-done"].values()))


def linked_notebook(folder, course):
    (folder / BOOK).unlink()
    (folder / BOOK).symlink_to(course.root / "source" / course.name / BOOK)


def linked_page(folder, course):
    (folder / "extra.html").symlink_to(course.root / "grader/kit/grading.yml")


def linked_folder(folder, course):
    (folder / "more").symlink_to(course.root / "source")


def a_pipe(folder, course):
    os.mkfifo(folder / "pipe.txt")


def levels(folder, course):
    """Fewer than an operating system could not hold, more than shutil.rmtree can remove."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)
    (folder / BOOK).write_text("<html>")


def many_files(folder, course):
    for number in range(10_001):
        (folder / str(number)).touch()


def many_objects(folder, course):
    content = cells_of(folder / BOOK)
    content["metadata"]["more"] = [{}] * 300_000
    write(folder / BOOK, content)


def many_bytes(folder, course):
    with (folder / BOOK).open("r+b") as file:
        file.truncate((50 << 20) + 1)


REFUSED = {
    linked_notebook: r"assignment.ipynb' is a link",
    linked_page: r"extra.html' is a link",
    linked_folder: r"more' is a link",
    a_pipe: r"pipe.txt' is a link or a device",
    levels: "it has more than 30 levels of folders",
    many_files: "it has more than 30 levels of folders or 10000 files",
    many_objects: r"has \d+ brackets and colons, more than 300000\. .*clear its outputs",
    many_bytes: r"has 52428801 bytes, more than 52428800\. .*clear its outputs",
}


@proof
@real
def test_what_must_not_be_copied_is_refused_and_holds_up_nobody(course):
    """The whole class at once: nbgrader takes students by their names, and `zoe` is the last."""
    names = {change.__name__.replace("_", "-"): change for change in REFUSED}
    try:
        for student, change in names.items():
            change(course.submitted(student), course)
        course.submitted("zoe")
        told = course.nbgrader("autograde", course.name, status=1).stderr
    finally:  # pytest could not remove the levels
        folders = [course.root / "submitted" / student for student in names]
        subprocess.run(["rm", "-rf", *folders], check=True)
    for student, change in names.items():
        assert re.search(f"{student}: nothing was graded: .*{REFUSED[change]}", told), student
        assert not (course.root / "autograded" / student / course.name).exists()
    assert "zoe: nothing was graded" not in told
    assert course.marks("zoe")["zoe"].keys() == five.ALL.keys()
    scores = course.exported()
    assert all(float(scores[student]) == 0 for student in names)


@proof
@real
def test_what_was_mended_is_told(done):
    assert "deleted: cell q1 is missing, and added" in done[0]
    assert "twice: a cell is not the one with id 'q2'" in done[0]


@proof
@real
def test_feedback_shows_our_messages_below_each_cell(course, done, wanted):
    page = course.feedback("half-done")
    text = re.sub("<[^>]*>", "", page)
    q2 = text[text.index("q2  partly") :]
    assert q2.startswith(f"q2  partly: {wanted['half-done']['q2']:g} of 15 points")
    assert "q3  not started: 0 of 25 points" in q2
    assert "base" in q2[: q2.index("q3  ")]
    assert "HIDDEN TESTS" not in page


@proof
@real
def test_students_own_texts_are_shown_as_they_wrote_them(course, done):
    page = course.feedback("odd")
    assert "half ? a pair" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert "<img src=x" not in page
    assert "More is not shown: this cell has 50000 characters." in page
    assert page.count('src="data:image') >= 4  # the handout's own


@real
@pytest.mark.parametrize("text", ["plain", "`", "````\n<b>", "~~~\n<b>", "$$\n<b>"])
def test_no_text_gets_out_of_its_fence(text):
    from nbconvert.filters import markdown2html

    from autograder.platforms.inside.nbgrader_plugin import _show_as_written

    cell = SimpleNamespace(cell_type="markdown", source=text)
    _show_as_written(cell)
    page = markdown2html(cell.source)
    assert page == f"<pre><code>{text.replace('<', '&lt;').replace('>', '&gt;')}\n</code></pre>\n"


@real
def test_what_is_not_confined_is_told_once_a_run(caplog):
    from autograder.platforms.inside.nbgrader_plugin import Isolated

    run = SimpleNamespace()
    for _ in range(2):
        isolated = Isolated()
        isolated._trait_values["parent"] = SimpleNamespace(parent=run)
        isolated.log = logging.getLogger("nbgrader")
        isolated._warn([])
        isolated._warn(["reading", "network"])
    [record] = caplog.records
    assert "not confined here by: reading, network. `autograder doctor`" in record.getMessage()


@proof
@real
def test_feedback_of_cells_that_were_deleted_is_there(course, done):
    assert "q1  passed: 15 of 15 points" in course.feedback("deleted")


@proof
@real
def test_what_was_not_judged_stands_open(course, done, tmp_path):
    """A grader that cannot begin, and one that is killed after its first question."""
    config, python = course.config.read_text(), tmp_path / "python"
    first = json.loads((course.root / "grader/kit/first_results.json").read_text())
    first["extra_data"]["questions"]["q1"] |= {"points": 50 / 7, "verdict": "partly"}
    (tmp_path / "results.json").write_text(json.dumps(first))
    try:
        course.config.write_text(f"{config}\nc.Isolated.python = '{python}'\n")
        course.submitted("unlucky")
        told = course.nbgrader("autograde", course.name, "--student", "unlucky", status=1).stderr
        assert "unlucky: nothing was graded" in told
        assert "name another Python in nbgrader_config.py: c.Isolated.python" in told
        python.write_text(f'#!/bin/sh\ncp {course.root}/grader/kit/first_results.json "$7"\n'
                          'echo "no module torch" >&2\nexit 1\n')  # fmt: skip
        python.chmod(0o755)
        told = course.nbgrader("autograde", course.name, "--student", "unlucky", status=1).stderr
        assert "unlucky: nothing was graded" in told
        assert "no module torch" in told
        python.write_text(f'#!/bin/sh\ncp {tmp_path}/results.json "$7"\nkill -9 $$\n')
        told = course.nbgrader("autograde", course.name, "--student", "unlucky").stderr
        assert "unlucky: q2, q3, q4, q5, q6, q7 could not be judged" in told
    finally:
        course.config.write_text(config)
    marks = course.marks("unlucky")["unlucky"]
    assert marks.pop("q1") == (50 / 7, 15, False)
    assert {name: tuple(mark) for name, mark in marks.items()} == {
        name: (0, most, True) for name, most in five.ALL.items() if name != "q1"
    }
    assert "did not come to its end" in course.feedback("unlucky")


@proof
@real
def test_without_our_line_nobody_earns_a_point(course, assignment):
    """nbgrader then runs the notebook itself, and each autograded cell says what is missing."""
    config = course.config.read_text()
    fill(course.submitted("plain") / BOOK, assignment.solution)
    try:
        course.config.write_text(config.replace(LINE, ""))
        course.nbgrader("autograde", course.name, "--student", "plain")
    finally:
        course.config.write_text(config)
    marks = course.marks("plain")["plain"]
    assert {name: mark.score for name, mark in marks.items()} == five.NOTHING
    assert "nbgrader_config.py does not load" in course.feedback("plain")
