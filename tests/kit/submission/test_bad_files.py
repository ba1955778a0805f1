"""Files handed in that are too large, too many, too deep, or no files at all: said, and nothing lost."""

import json
import os
import struct
import subprocess
import zipfile

import pytest

from autograder.errors import KitError
from autograder.formats import gradescope
from autograder.submission import limits
from kit.workbench import ROOT, messages

TINY = ["q1", "q2"]


def refused(grader, path):
    """Return what is said of something that cannot be graded, and check that all of it is there."""
    report = grader.grade(path)
    assert report.points == 0
    assert report.max_points == 100
    assert not report.our_fault
    json.dumps(gradescope.results(report)).encode()
    return report.message


OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {},
    "worksheets": [
        {"cells": [{"cell_type": "code", "language": "python", "input": 5, "outputs": []}]}
    ],
}


def code(source):
    return {"cell_type": "code", "source": source}


# --- too much --------------------------------------------------------------------------------


def test_a_huge_file_is_refused_without_being_read(grader, submission):
    folder = submission()
    for size in (50 << 20, 200 << 20):
        with (folder / "vit.py").open("wb") as file:
            file.truncate(size)
        assert refused(grader, folder) == (
            "vit.py is larger than 1 MB. A solution has a few hundred lines: take out what is no code, "
            "and hand it in again."
        )
    assert "vit.py is larger than 1 MB" in refused(grader, folder / "vit.py")


def test_what_lies_beside_may_be_large(grader, submission):
    folder = submission()
    with (folder / "data.bin").open("wb") as file:
        file.truncate(200 << 20)
    assert grader.grade(folder, TINY).points == 30


def test_too_many_files_are_refused(grader, submission, tmp_path):
    folder = submission()
    for number in range(100):
        (folder / str(number)).mkdir()
        for inner in range(200):
            (folder / str(number) / str(inner)).touch()
    assert grader.grade(folder, TINY).points == 30  # vit.py lies at the top: the rest is no matter
    (folder / "vit.py").unlink()
    assert "There are more than 10000 files in your folder" in refused(grader, folder)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.txt", "")
    assert "There are more than 10000 files in many.zip" in refused(grader, tmp_path / "many.zip")


def test_a_large_zip_is_refused_without_being_opened(grader, tmp_path):
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    assert "large.zip is larger than 100 MB" in refused(grader, path)


def test_a_zip_bomb_is_read_as_far_as_a_file_may_go(grader, tmp_path):
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("vit.py", "w", force_zip64=True) as file,
    ):
        for _ in range(300):
            file.write(b"#" * (1 << 20))
    assert path.stat().st_size < 1 << 20
    assert "vit.py is larger than 1 MB" in refused(grader, path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_would_be_unpacked_all_at_once_is_refused(grader, tmp_path, kind):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("vit.py", b"#" * (50 << 20))
    assert "vit.py in your zip is compressed in an unusual way" in refused(grader, path)


def test_a_zip_that_lies_about_its_sizes_is_refused(grader, tmp_path):
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vit.py", b"#" * (50 << 20))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    said = refused(grader, path)
    assert "vit.py in your zip cannot be read" in said or "vit.py" in said


def test_a_zip_of_zips_is_not_unpacked(grader, tmp_path):
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vit.py", b"#" * (10 << 20))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        for number in range(10):
            archive.write(inner, f"{number}.zip")
    assert "There is no vit.py in your zip. It holds: 0.zip" in refused(
        grader, tmp_path / "outer.zip"
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: json.dumps({"cells": [{"cell_type": "code"}] * 5000}), "more than 2000 cells"),
        (lambda: "[" * 100_000, "is not a notebook"),
        (lambda: '{"cells": ' + "[" * 100_000, "is not a notebook"),
        (lambda: '{"cells": [' + '{"cell_type": "code", "source": 3}]}', "is not a notebook"),
        (lambda: " " * (51 << 20), "work.ipynb is larger than 50 MB. Clear its outputs, save it"),
        (lambda: json.dumps({"cells": [code("x" * (3 << 20))]}), "it has more than 2 MB of code"),
        (lambda: json.dumps({"cells": [code("x" * 9000)] * 300}), "it has more than 2 MB of code"),
        (lambda: json.dumps(OLD), "a cell holds no text"),
        (lambda: '{"worksheets": [' + " " * (2 << 20) + "]}", "it has no cells"),
    ],
)
def test_a_notebook_made_to_hurt_its_reader_is_refused(grader, tmp_path, made, said):
    path = tmp_path / "work.ipynb"
    path.write_text(made())
    assert said in refused(grader, path)


def test_outputs_of_a_notebook_are_not_read(grader, assignment, tmp_path):
    """Millions of outputs would take minutes to check, and nothing in them is graded."""
    source = (assignment.solution / "vit.py").read_text()
    outputs = [{"output_type": "nonsense", "data": [n]} for n in range(50_000)]
    cell = {"cell_type": "code", "source": source, "outputs": outputs}
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}))
    assert grader.grade(path, TINY).points == 30


def test_a_notebook_may_be_full_of_pictures(grader, assignment, tmp_path):
    """In outputs, and in the text between the code: none of it is graded, and none of it unpacked."""
    picture = "iVBORw0KGgo" * 100_000
    drawn = {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}
    cells = [
        {"cell_type": "markdown", "source": f"![a cat](data:image/png;base64,{picture})"},
        code((assignment.solution / "vit.py").read_text()),
        *[{**code("plot()"), "outputs": [drawn]} for _ in range(25)],
    ]
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    assert path.stat().st_size > 25 << 20
    assert grader.grade(path, TINY).points == 30


def test_every_known_right_file_is_far_below_the_limit(assignment):
    known = [
        path for kind in ("py", "ipynb") for path in ROOT.glob(f"tests/corpus/right/*/*.{kind}")
    ]
    assert known
    for path in [*known, *assignment.solution.glob("*.py"), *assignment.student.glob("*.ipynb")]:
        assert path.stat().st_size < limits.most_of(path.name) / 50, path


# --- no files --------------------------------------------------------------------------------


def test_a_folder_called_vit_py_is_no_file(grader, submission):
    folder = submission(vit=None)
    (folder / "vit.py").mkdir()
    (folder / "vit.py" / "notes.txt").write_text("x")
    assert "There is no vit.py in your folder. It holds: train.py, vit.py/notes.txt" in refused(
        grader, folder
    )


def test_pipes_and_devices_are_never_waited_for(grader, submission, tmp_path):
    folder = submission(vit=None)
    os.mkfifo(folder / "vit.py")
    assert "There is no vit.py in your folder" in refused(grader, folder)
    os.mkfifo(tmp_path / "pipe.py")
    for path in (tmp_path / "pipe.py", "/dev/zero", "/dev/stdin"):
        with pytest.raises(KitError, match="this is no submission"):
            grader.grade(ROOT / path)


def test_links_are_not_followed_and_hard_links_are_files(grader, submission, assignment, tmp_path):
    folder = submission(vit=None)
    (folder / "vit.py").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    assert "There is no vit.py in your folder" in refused(grader, folder)
    (folder / "vit.py").unlink()
    content = (assignment.solution / "vit.py").read_bytes()
    (tmp_path / "elsewhere").write_bytes(content)
    (folder / "vit.py").hardlink_to(tmp_path / "elsewhere")
    assert grader.grade(folder, TINY).points == 30


def test_deep_folders_do_no_harm(grader, submission):
    folder = submission()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):  # deeper than Python recurses, and than a path may be long
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert grader.grade(folder, TINY).points == 30
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.parametrize(
    "name", ["\x1b[2Jvit.py", "a\nb.py", "\u202evit.py", "CON", "NUL.py", "vit.py\u200b", "-rf"]
)
def test_names_are_shown_and_never_act(grader, tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_text("x = 1")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "x = 1")
    for path in (folder, tmp_path / "a.zip"):
        said = refused(grader, path)
        assert all(c.isprintable() or c == " " for c in said), ascii(said)


def test_a_name_that_is_no_text_is_shown(grader, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfevit.py")).write_text("x = 1")
    assert "udcff" in refused(grader, folder)


def test_the_terminal_shows_no_name_raw(autograder, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "\x1b]0;owned\x07.py").write_text("x = 1")
    told = autograder("grade", folder)
    assert told.returncode == 0
    assert "\x1b]0;owned" not in told.stdout + told.stderr
    assert "owned" in told.stdout


# --- files that are hard to read -------------------------------------------------------------


def test_one_line_of_almost_a_megabyte_is_read(grader, submission, assignment):
    vit = (assignment.solution / "vit.py").read_text() + f"\nx = '{'y' * 1_000_000}'\n"
    assert grader.grade(submission(vit=vit), TINY).points == 30


@pytest.mark.parametrize(
    "content",
    [
        b"(" * 10_000,
        b"x = " + b"(" * 10_000 + b")" * 10_000,
        b"x = " + b"[" * 10_000,
        b"x = " + b"-" * 100_000 + b"1",
        b"x = " + b"not " * 100_000 + b"1",
        b"x = " + b"1+" * 200_000 + b"1",
        b"x = a" + b".a" * 200_000,
        b"x = a" + b"()" * 100_000,
        b"x = " + b"lambda: " * 20_000 + b"1",
        b"if 1:\n" + b"".join(b" " * n + b"if 1:\n" for n in range(1, 200)),
        b"x = " + b"9" * 100_000,
        b"x = f'" + b"{" * 1000 + b"'",
        b"\xef\xbb\xbf\xef\xbb\xbfx = 1",
        b"# coding: no_such\nx = 1",
        b"x = '\x00'",
    ],
    ids=lambda content: f"{content[:12]!r} {len(content)}",
)
def test_a_file_made_to_hurt_the_parser_costs_its_own_points(grader, submission, content):
    report = grader.grade(submission(vit=content), ["q1", "q6"])
    assert not report.our_fault, [o.details for q in report.questions for o in q.outcomes]
    assert [question.points for question in report.questions] == [0, 10]
    assert messages(report).strip()
