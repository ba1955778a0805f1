"""What was handed in, in every shape it comes in: what is graded, and what is said."""

import json
import shutil
import stat
import zipfile

import pytest

from autograder.errors import KitError
from checks.code import cells
from kit.workbench import messages

TINY = ["q1", "q2"]


def zipped(path, files):
    """Write a zip with these files: name -> content."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def solution_files(assignment):
    return {name: (assignment.solution / name).read_bytes() for name in ("vit.py", "train.py")}


def test_a_folder_a_zip_and_a_file_earn_the_same(grader, assignment, tmp_path):
    files = solution_files(assignment)
    archive = zipped(tmp_path / "one.zip", files)
    for path in (assignment.solution, archive, assignment.solution / "vit.py"):
        assert grader.grade(path, TINY).points == 30


@pytest.mark.parametrize("prefix", ["work/", "a/b/", "work\\", "__MACOSX/x/../../w/"])
def test_files_in_one_folder_of_a_zip_are_found(grader, assignment, tmp_path, prefix):
    files = {prefix + name: content for name, content in solution_files(assignment).items()}
    files["__MACOSX/._vit.py"] = b"\x00"
    report = grader.grade(zipped(tmp_path / "one.zip", files), ["q1", "q6"])
    if ".." in prefix:
        assert "leads out of it" in report.message
    else:
        assert report.points == 25
        assert "were taken from" in report.notes[0]


def test_a_single_file_of_another_name_holds_everything(grader, assignment, tmp_path):
    everything = b"".join(solution_files(assignment).values()).replace(b"from vit import", b"# ")
    path = tmp_path / "my_homework.py"
    path.write_bytes(everything)
    report = grader.grade(path, ["q1", "q6"])
    assert report.points == 25
    assert "my_homework.py was graded as vit.py" in report.notes[0]


def test_nothing_there_is_the_callers_mistake(grader, tmp_path):
    with pytest.raises(KitError, match="there is nothing here"):
        grader.grade(tmp_path / "nobody")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(KitError, match="this is no submission"):
        grader.grade(tmp_path / "notes.txt")


def bad_zips(tmp_path, assignment):
    """Yield zips that cannot be graded, each with what its author is told."""
    files = solution_files(assignment)
    vit = files["vit.py"]
    yield (
        zipped(tmp_path / "a.zip", {"my_vit.py": "x = 1", "notes.txt": "x"}),
        "There is no vit.py in your zip. It holds: my_vit.py, notes.txt. Hand it in as vit.py.",
    )
    yield (
        zipped(tmp_path / "b.zip", {"a/vit.py": vit, "b/vit.py": vit}),
        ("There are 2 files called vit.py in your zip: a/vit.py, b/vit.py. Hand in one of them."),
    )
    yield zipped(tmp_path / "c.zip", {"../vit.py": vit}), "leads out of it: '../vit.py'"
    yield zipped(tmp_path / "d.zip", {"/tmp/vit.py": vit}), "leads out of it: '/tmp/vit.py'"
    yield zipped(tmp_path / "e.zip", {"C:\\vit.py": vit}), "leads out of it: 'C:/vit.py'"
    yield zipped(tmp_path / "f.zip", {}), "It holds: nothing."
    broken = tmp_path / "g.zip"
    broken.write_bytes(zipped(tmp_path / "whole.zip", files).read_bytes()[:900])
    yield broken, "g.zip cannot be opened as a zip"
    damaged = tmp_path / "h.zip"
    content = bytearray(zipped(tmp_path / "i.zip", {"vit.py": vit}).read_bytes())
    content[200:220] = bytes(20)
    damaged.write_bytes(content)
    yield damaged, "vit.py in your zip cannot be read"
    encrypted = tmp_path / "j.zip"
    content = bytearray(zipped(tmp_path / "k.zip", {"vit.py": vit}).read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    encrypted.write_bytes(content)
    yield encrypted, "vit.py in your zip is encrypted"
    large = zipped(tmp_path / "l.zip", {"vit.py": b"#" * (2 << 20)})
    yield large, "vit.py is larger than 1 MB"


def test_every_bad_zip_has_its_own_message(grader, assignment, tmp_path):
    for path, said in bad_zips(tmp_path, assignment):
        report = grader.grade(path)
        assert said in report.message, path
        assert report.points == 0
        assert report.max_points == 100
        assert [q.id for q in report.questions] == list(assignment.questions)
        assert said in report.questions[0].outcomes[0].message


def test_a_link_in_a_folder_or_zip_is_not_followed(grader, assignment, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "vit.py").symlink_to(assignment.solution / "vit.py")
    assert "There is no vit.py in your folder" in grader.grade(folder, TINY).message
    entry = zipfile.ZipInfo("vit.py")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(entry, str(assignment.solution / "vit.py"))
    assert "There is no vit.py in your zip" in grader.grade(tmp_path / "link.zip", TINY).message


def test_other_files_of_a_submission_are_never_used(grader, submission):
    folder = submission()
    for name in ("torch.py", "checks.py", "conftest.py", "sitecustomize.py", "digits.py"):
        (folder / name).write_text("raise SystemExit('this file was imported')")
    assert grader.grade(folder, ["q1", "q6"]).points == 25


def test_a_missing_train_py_costs_q6_only(grader, submission):
    report = grader.grade(submission(train=None), ["q5", "q6"])
    assert [q.points for q in report.questions] == [15, 0]
    assert "There is no train.py among your files" in messages(report)


# --- notebooks -------------------------------------------------------------------------------


def notebook(path, cells):
    """Write a notebook of code cells, with text and an output between them."""
    from nbformat import v4

    made = [v4.new_markdown_cell("# My work")]
    made += [v4.new_code_cell(cell, outputs=[v4.new_output("stream", text="42")]) for cell in cells]
    path.write_text(json.dumps(v4.new_notebook(cells=made)))
    return path


def cells_of(assignment):
    vit = (assignment.solution / "vit.py").read_text()
    train = (assignment.solution / "train.py").read_text().replace("from vit import", "# ")
    return ["%matplotlib inline\n!pip install torch\nimport torch", vit, train.split("# Given")[0]]


def test_a_notebook_earns_what_its_files_earn(grader, assignment, tmp_path):
    path = notebook(tmp_path / "work.ipynb", cells_of(assignment))
    assert grader.grade(path, ["q1", "q3", "q6"]).points == 50
    zipped(tmp_path / "work.zip", {"deep/work.ipynb": path.read_bytes()})
    assert grader.grade(tmp_path / "work.zip", ["q1", "q6"]).points == 25


def test_the_last_of_two_definitions_counts(grader, assignment, tmp_path):
    first = "def patchify(images, n_patches):\n    return None"
    path = notebook(tmp_path / "work.ipynb", [first, *cells_of(assignment)])
    report = grader.grade(path, ["q1"])
    assert report.points == 15
    assert report.notes == (
        "patchify is defined in code cells 1 and 3: the last one, 3, was graded.",
    )


def test_magics_anywhere_do_no_harm(grader, assignment, tmp_path):
    cells = ["%%bash\nrm -rf nothing", "%%time\nx = 1", "if True:\n    %timeit x\n?x"]
    path = notebook(tmp_path / "work.ipynb", [*cells, *cells_of(assignment)])
    assert grader.grade(path, ["q1"]).points == 15


def test_only_what_defines_is_run(grader, assignment, tmp_path):
    cells = [
        "SCALE = 10000\nhistory = [1 / 0]\nraise SystemExit",
        "while True:\n    pass",
        "for _ in range(3):\n    print(history)\nwith open('x') as f: pass\ninput('?')",
        "try:\n    import nothing_like_it\nexcept ImportError:\n    nothing_like_it = None",
    ]
    later = [
        "def forward(self, sequences):\n    return self.attend(sequences)\n"
        "MyMSA.attend, MyMSA.forward = MyMSA.forward, forward",
        'print("Epoch %d"\n      % 3)\nassert False',
    ]
    made = [
        cell.replace("10000 **", "SCALE **").replace("import math", "import math\nnothing_like_it")
        for cell in cells_of(assignment)
    ]
    path = notebook(tmp_path / "work.ipynb", [*cells, *made, *later])
    assert grader.grade(path, ["q2", "q3", "q6"]).points == 50


@pytest.mark.parametrize(
    "demo",
    [
        "device = torch.device('cuda')\nmodel = LightViT((1, 1, 28, 28)).to(device)",
        "loader = [1 / 0]\noptimizer = criterion = model = images = None",
        "def preview(image=images[0]):\n    return image",
        "def plot(history):\n    return history[COLOUR]\nCOLOUR = open('colours.txt').read()",
    ],
)
def test_a_demo_never_runs_whatever_its_names(grader, assignment, tmp_path, demo):
    """`model`, `loader` and `images` are parameters of graded functions, and names of a demo."""
    path = notebook(tmp_path / "work.ipynb", [*cells_of(assignment), demo])
    report = grader.grade(path, ["q1", "q5", "q6"])
    assert report.points == 40
    assert report.notes == ()


def test_a_cell_that_cannot_be_read_costs_what_it_defines(grader, assignment, tmp_path):
    imports, vit, train = cells_of(assignment)
    start = vit.index("class MyMSA")
    end = vit.index("class MyViTBlock")
    broken = vit[start:end].replace("def forward(", "def forward((")
    cells = [imports, vit[:start], broken, vit[end:], train, "#    first\n    second)"]
    report = grader.grade(notebook(tmp_path / "work.ipynb", cells), ["q1", "q3", "q4", "q6"])
    assert [question.points for question in report.questions] == [15, 0, 15, 10]
    text = messages(report)
    assert "Nothing in this cell counts until this is mended." in text
    assert "code cell 3 (q3, MyMSA), line" in text
    assert report.notes[-2:] == (
        "code cell 3 (q3, MyMSA) was left out: it cannot be read as Python. What it defines is missing.",
        "code cell 6 was left out: it cannot be read as Python. What it defines is missing.",
    )


@pytest.mark.parametrize(
    ("line", "named", "place"),
    [
        (3, True, ("code cell 1 (helper)", 2)),
        (7, True, ("code cell 2 (q6, train_one_epoch)", 2)),
        (10, True, ("code cell 2 (q6, evaluate)", 5)),
        (10, False, ("code cell 2 (q6)", 5)),
        (5, True, ("code cell 2 (q6, train_one_epoch)", 0)),  # the cell as a whole
        (13, True, ("code cell 3", 1)),
        (16, True, (f"code cell 4 ({'x' * 40}...)", 1)),
    ],
)
def test_a_place_in_a_notebook_is_told_by_what_stands_there(line, named, place):
    text = cells.joined(
        [
            "def helper():\n    return 1",
            "import math\ndef train_one_epoch(): ...\n\ndef evaluate():\n    return 0",
            "1 / 0",
            f"def {'x' * 90}(): ...",
        ]
    )
    lines = text.splitlines()
    assert cells.place(lines, line, named) == place


def test_two_notebooks_are_told(grader, assignment, tmp_path):
    for name in ("assignment.ipynb", "assignment-Copy1.ipynb"):
        notebook(tmp_path / name, cells_of(assignment))
    said = grader.grade(tmp_path, ["q1"]).message
    assert said.startswith(
        "There are 2 notebooks in your folder: assignment-Copy1.ipynb and assign"
    )


def test_a_saved_web_page_is_no_notebook(grader, tmp_path):
    (tmp_path / "work.ipynb").write_text("\n<!DOCTYPE html><html><body>Colab</body></html>")
    assert "work.ipynb is a web page" in grader.grade(tmp_path / "work.ipynb", ["q1"]).message


def test_a_notebook_may_hold_what_jupyter_writes_and_json_has_not(grader, assignment, tmp_path):
    path = notebook(tmp_path / "work.ipynb", cells_of(assignment))
    text = path.read_text().replace('"text": "42"', '"text": "\\ud83d", "metadata": {"loss": NaN}')
    assert "NaN" in text
    path.write_text(text)
    assert grader.grade(path, ["q1", "q6"]).points == 25


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', "[]", "\x00", '{"nbformat": 4}'])
def test_a_broken_notebook_is_refused(grader, tmp_path, content):
    path = tmp_path / "work.ipynb"
    path.write_text(content)
    report = grader.grade(path)
    assert "work.ipynb is not a notebook that can be read" in report.message
    assert report.max_points == 100


def test_a_zip_may_have_any_name(grader, assignment, tmp_path):
    archive = zipped(tmp_path / "one.zip", solution_files(assignment))
    shutil.copy(archive, tmp_path / "submission")
    assert grader.grade(tmp_path / "submission", ["q1"]).points == 15
