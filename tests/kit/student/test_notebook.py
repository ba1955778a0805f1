"""The notebook: run from top to bottom by a real kernel, and handed in."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.handout import editions
from checks.code.contract import BY_NOTEBOOK, DRAWN
from kit.student.own_copy import all_pass
from kit.workbench import FAST, PATIENCE, ROOT, messages, proof

ONE_EPOCH = ("--epochs 10", "--epochs 1")
MISTYPED = ("h, w = H // n_patches", "h, w = H // n_patch")


@pytest.fixture
def handed_out(tmp_path, assignment):
    """A student's copy of student/, in a folder with a space and an accent in its name."""
    folder = tmp_path / "my élève" / "student"
    ignore = shutil.ignore_patterns("__pycache__", "*-ubyte", ".pytest_cache", "pictures")
    shutil.copytree(assignment.student, folder, ignore=ignore)
    return folder


def edition(assignment, solved, *edits):
    text = editions.notebook(assignment, solved)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return nbformat.reads(text, 4)


def run(book, folder, kernel="python3"):
    """Run all cells, as "Run all" does; return what stopped it."""
    resources = {"metadata": {"path": str(folder)}}
    try:
        NotebookClient(book, timeout=PATIENCE, kernel_name=kernel, resources=resources).execute()
    except CellExecutionError as error:
        return error
    return None


def printed(book, source):
    """Return what the cell with this source has printed."""
    (cell,) = (cell for cell in book.cells if cell.source.startswith(source))
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.fixture(scope="module")
def students_environment(tmp_path_factory):
    """An environment of student/requirements.txt and nothing else; its kernel's name is returned."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    required = ROOT / "student" / "requirements.txt"
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", required]
    subprocess.run([python, *install, "-c", ROOT / "constraints.txt"], check=True)
    spec = ["-m", "ipykernel", "install", "--prefix", folder / "kernels", "--name", "student"]
    subprocess.run([python, *spec], check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "kernels" / "share" / "jupyter"))
        yield "student"


@proof
def test_the_solved_notebook_runs_where_only_the_requirements_are(
    assignment, handed_out, students_environment
):
    book = edition(assignment, True, ONE_EPOCH)
    stopped = run(book, handed_out, students_environment)
    assert stopped is None
    for question in assignment.questions:
        told = printed(book, f'check("{question}")')
        assert re.search(r"visible checks: ([\d.]+) of \1 points", told), told
    assert re.search(r"epoch  1   loss [\d.]+   accuracy [\d.]+%", printed(book, "write_files()"))
    pictures = [output for cell in book.cells for output in cell.get("outputs", [])
                if "image/png" in output.get("data", {})]  # fmt: skip
    assert len(pictures) == len(DRAWN) + 2  # two of the training


def test_the_skeleton_stops_kindly_at_the_first_stub(assignment, handed_out):
    book = edition(assignment, False)
    stopped = run(book, handed_out)
    assert stopped.evalue == "q1 is not started: put your code into its cell, and run both again."
    assert "not started: In [3] (q1) still raises TODO q1" in printed(book, 'check("q1")')
    assert "Traceback" not in str(stopped)


def test_a_failed_check_says_in_the_notebook_what_it_says_in_pytest(assignment, handed_out):
    wrong = ("permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    book = edition(assignment, True, wrong)
    del book.cells[8:]  # q1 is enough
    assert run(book, handed_out) is None
    told = printed(book, 'check("q1")')
    assert "exactly the numbers that come out if the patches run down the columns first." in told
    assert not all_pass(told)


def test_an_error_is_shown_with_the_cell_and_its_line(assignment, handed_out):
    book = edition(assignment, True, MISTYPED)
    del book.cells[8:]
    run(book, handed_out)
    place = r"at        In \[3\] \(q1\), line 2\d, in patchify: h, w = H // n_patch"
    for cell in ('check("q1")', 'show("q1")'):
        told = printed(book, cell)
        assert re.search(place, told), told


def test_all_questions_are_checked_at_once(assignment, handed_out):
    book = edition(assignment, True)
    kept = [cell for cell in book.cells if "check(" not in cell.source or "import" in cell.source]
    book.cells = [cell for cell in kept if "write_files()" not in cell.source]
    book.cells = [c for c in book.cells if "show(" not in c.source and "display(" not in c.source]
    book.cells.append(nbformat.v4.new_code_cell("check()"))
    assert run(book, handed_out) is None
    told = printed(book, "check()")
    assert all(all_pass(told, question) for question in FAST)


def test_the_cell_that_was_run_last_counts(assignment, handed_out):
    book = edition(assignment, True)
    stub = next(cell for cell in book.cells if cell.source.startswith("def patchify"))
    broken = nbformat.v4.new_code_cell("def patchify(images, n_patches): return images[")
    early = nbformat.v4.new_code_cell("def patchify(images, n_patches): return None")
    place = book.cells.index(stub)
    del book.cells[place + 2 :]
    book.cells[place:place] = [early]
    book.cells[place + 2 : place + 2] = [broken]
    resources = {"metadata": {"path": str(handed_out)}}
    NotebookClient(book, timeout=PATIENCE, allow_errors=True, resources=resources).execute()
    assert all_pass(printed(book, 'check("q1")'))


@proof  # four kernels, one after the other
def test_files_are_written_and_never_over_other_work(assignment, handed_out, grader):
    book = edition(assignment, True)
    book.cells = [cell for cell in book.cells if cell.cell_type == "code" and "check(" not in cell.source
                  and "show(" not in cell.source and "Image" not in cell.source]  # fmt: skip
    for cell in book.cells:
        cell.source = cell.source.replace("\n%run train.py --epochs 10", "")
    assert run(book, handed_out) is None
    assert printed(book, "write_files()") == "written: vit.py, train.py\n"
    assert grader.grade(handed_out, FAST).points == 95
    command = [sys.executable, "train.py", "--help"]
    helped = subprocess.run(command, cwd=handed_out, capture_output=True, text=True, check=True)
    assert "--epochs" in helped.stdout
    assert run(book, handed_out) is None  # what it has written it may write again
    (handed_out / "vit.py").write_text("# mine\n")
    stopped = run(book, handed_out)
    assert "vit.py holds code that did not come from this notebook" in stopped.evalue
    assert (handed_out / "vit.py").read_text() == "# mine\n"
    (handed_out / "vit.py").unlink()
    (handed_out / "train.py").unlink()
    assert "train.py is needed for its given part" in run(book, handed_out).evalue
    assert not (handed_out / "vit.py").exists()


# --- handed in -------------------------------------------------------------------------------


def as_colab_saves(content):
    content["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python3"},
        "accelerator": "GPU",
    }
    for number, cell in enumerate(content["cells"]):
        cell["metadata"] = {"id": f"x{number}", "colab": {"base_uri": "https://localhost:8080/"}}
        cell.pop("id")
    content["nbformat_minor"] = 0
    drive = "from google.colab import drive\ndrive.mount('/content/drive')"
    content["cells"].insert(0, {"cell_type": "code", "metadata": {}, "outputs": [],
                                "execution_count": 1, "source": [drive]})  # fmt: skip


def with_an_error_cell(content):
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "x",
        "traceback": ["\x1b[0;31m"],
    }
    content["cells"].append({"cell_type": "code", "id": "e", "metadata": {}, "outputs": [error],
                             "execution_count": 9, "source": ["raise ValueError('x')"]})  # fmt: skip


def with_outputs(content):
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["42\n"]}]
            cell["execution_count"] = 7


def with_renamed_cells(content):
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"renamed-{number}"


def without_metadata(content):
    content["metadata"] = {}
    for cell in content["cells"]:
        cell["metadata"] = {}


@pytest.mark.parametrize(
    "saved",
    [as_colab_saves, with_an_error_cell, with_outputs, with_renamed_cells, without_metadata],
)
def test_the_notebook_earns_what_the_files_earn_however_it_was_saved(
    assignment, tmp_path, grader, saved
):
    content = json.loads(editions.notebook(assignment, solved=True))
    saved(content)
    path = tmp_path / "assignment.ipynb"
    path.write_text(json.dumps(content))
    report = grader.grade(path, FAST, seed=4)
    assert report.points == 95, messages(report)


def test_the_skeleton_notebook_earns_nothing(assignment, grader):
    report = grader.grade(Path(assignment.student / "assignment.ipynb"), FAST, seed=4)
    assert report.points == 0
    assert "code cell 3 (q1) still raises TODO q1 in patchify." in messages(report)


def test_a_line_of_a_handed_in_notebook_is_told_by_its_cell(assignment, tmp_path, grader):
    path = tmp_path / "work.ipynb"
    text = nbformat.writes(edition(assignment, True, MISTYPED))
    path.write_text(text)
    assert re.search(
        r"at        code cell 3 \(q1\), line 2\d, in patchify", messages(grader.grade(path, ["q1"]))
    )
    path.write_text(text.replace("def patchify(images", "def patchify((images"))
    assert "code cell 3 (q1, patchify), line 1: " in messages(grader.grade(path, ["q1"]))


def test_imports_that_nothing_graded_uses_need_not_be_there(assignment, tmp_path, grader):
    book = edition(assignment, True)
    late = (
        "from __future__ import annotations\nimport seaborn\nseaborn.set()\n"
        "from google.colab import files"
    )
    book.cells.insert(4, nbformat.v4.new_code_cell(late))
    path = tmp_path / "work.ipynb"
    path.write_text(nbformat.writes(book))
    assert grader.grade(path, ["q1", "q3"]).points == 40


def test_of_a_whole_folder_what_was_worked_on_is_graded(assignment, handed_out, grader):
    solved = editions.notebook(assignment, solved=True)
    (handed_out / "assignment.ipynb").write_text(solved)
    report = grader.grade(handed_out, ["q1", "q3", "q6"])
    assert report.points == 50
    assert "assignment.ipynb was graded: the files beside it are unfinished" in messages(report)
    for name in ("vit.py", "train.py"):
        shutil.copy(assignment.solution / name, handed_out / name)
    (handed_out / "assignment.ipynb").write_text(solved.replace("10000", "1000"))
    assert grader.grade(handed_out, ["q1", "q2", "q3"]).points == 55  # the files are whole
    written = (handed_out / "vit.py").read_text()
    (handed_out / "vit.py").write_text(BY_NOTEBOOK + written.replace("10000", "1000"))
    (handed_out / "assignment.ipynb").write_text(solved)
    assert grader.grade(handed_out, ["q2"]).points == 15  # the notebook is where they come from


@pytest.mark.parametrize("content", ["{", "", '{"cells": 3}', '{"cells": []}'])
def test_a_broken_notebook_beside_the_files_does_no_harm(assignment, handed_out, grader, content):
    for name in ("vit.py", "train.py"):
        shutil.copy(assignment.solution / name, handed_out / name)
    (handed_out / "assignment.ipynb").write_text(content)
    assert grader.grade(handed_out, ["q1"]).points == 15


def test_names_made_in_an_unusual_way_are_not_taken_for_missing(assignment, handed_out, grader):
    text = (assignment.solution / "vit.py").read_text()
    text = text.replace("def patchify(", "def _cut(").replace("class MyMSA(", "class _Attention(")
    (handed_out / "vit.py").write_text(text + "\n\npatchify, MyMSA = _cut, _Attention\n")
    assert grader.grade(handed_out, ["q1", "q3"]).points == 40
