"""Finding a class: whatever teachers and platforms lay out, each student's latest counts."""

import os
import shutil
import zipfile

import pytest

from autograder.classroom.book.terms import digest
from autograder.classroom.finding import archive
from autograder.classroom.finding.roster import find
from autograder.errors import KitError
from autograder.platforms.inside import on_autolab
from autograder.submission.reading import read

VIT = "def patchify(images, n_patches):\n    return images\n"
METADATA = """\
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '001'
    :email: ada@x.edu
  :created_at: 2026-03-02 10:00:00.000000000 Z
  :score: 10.0
  :results:
    tests:
    - name: "a: [broken"
      output: |
        :submitters: none
submission_12:
  :submitters:
  - :name: Ada Lovelace
    :sid: '001'
    :email: ada@x.edu
  :created_at: 2026-03-01 09:00:00.000000000 Z
submission_13:
  :submitters:
  - :name: Bo
    :sid:
    :email: bo@x.edu
  - :name: Cy
    :sid: '3'
    :email: cy@x.edu
  :created_at: 2026-03-01 09:00:00.000000000 Z
submission_14:
  :submitters:
  - :name: Dee
    :email: dee@x.edu
  :created_at: 2026-03-01 09:00:00.000000000 Z
"""


@pytest.fixture
def make(tmp_path):
    """make({"anna/vit.py": text}) is a folder with these files."""

    def write(files, name="class"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for inside, content in files.items():
            place = folder / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                place.write_bytes(content if isinstance(content, bytes) else content.encode())
            else:
                place.mkdir()
        return folder

    return write


@pytest.fixture
def roster(tmp_path, assignment):
    def found(source, out=tmp_path / "out"):
        number = len(list(tmp_path.glob("unpacked*")))
        return find(source, assignment, tmp_path / f"unpacked {number}", out)

    return found


@pytest.fixture
def graded(tmp_path, assignment):
    """graded(entry) is what would be graded of a submission: file names, or why nothing is."""

    def packed(entry):
        place = tmp_path / "packed" / entry.folder
        parcel = read(entry.lay_out(place / "laid out"), assignment)
        return parcel.refused or sorted(parcel.files)

    return packed


def zipped(folder, around=""):
    """A zip of a folder's files, as a platform makes one."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as opened:
        for file in sorted(folder.rglob("*")):
            opened.write(file, around + file.relative_to(folder).as_posix())
    return path


def by_name(found):
    return {entry.submission: entry for entry in found.entries}


def test_folders_zips_and_files_are_submissions_and_nothing_else_is(make, roster, graded):
    folder = make({
        "anna/vit.py": VIT, "anna/data/big.csv": "1", "ben.py": VIT, "notes.txt": "x",
        ".DS_Store": "x", "__MACOSX/ben.py": "x", "photo.jpg": b"\xff", "empty": None,
        ".eve/vit.py": VIT,
    })  # fmt: skip
    zipped(make({"vit.py": VIT, "train.py": "x = 1\n"}, "class/cleo"))
    (folder / "link.py").symlink_to("/etc/passwd")
    (folder / "dan").symlink_to(folder / "anna")
    (folder / "gone").symlink_to("nowhere")
    found = roster(folder)
    assert [entry.submission for entry in found.entries] == [
        "anna", "ben.py", "cleo", "cleo.zip", "empty",
    ]  # fmt: skip
    assert found.left_out == (".eve", "dan", "gone", "link.py", "notes.txt", "photo.jpg")
    entries = by_name(found)
    assert graded(entries["anna"]) == ["vit.py"]
    assert graded(entries["cleo.zip"]) == ["train.py", "vit.py"]
    assert "It holds: nothing" in graded(entries["empty"])


def test_a_zip_of_the_class_is_the_same_class(make, roster):
    folder = make({"anna/vit.py": VIT, "ben/vit.py": VIT, "cleo/src/vit.py": VIT})
    there = roster(folder)
    for around in ("", "export of the class/"):
        assert [e.submission for e in roster(zipped(folder, around)).entries] == [
            e.submission for e in there.entries
        ]


@pytest.mark.parametrize(
    ("files", "names", "left_out"),
    [
        (("anna.py", "ben.py", "cleo.ipynb"), ["anna.py", "ben.py", "cleo.ipynb"], ()),
        (("anna/vit.py", "ben/vit.py", "READ.txt"), ["anna", "ben"], ("READ.txt",)),
        (("doejane_101_5001_vit.py", "poe_103_5004_vit.py"), ["doejane_101", "poe_103"], ()),
        (("Bo_72_assignsubmission_file_/vit.py",), ["Bo_72"], ()),
        (("Cy_73_assignsubmission_file_vit.py", "Di_74_assignsubmission_file_vit.py"),
         ["Cy_73", "Di_74"], ()),
    ],
)  # fmt: skip
def test_folders_around_a_class_are_entered(make, roster, files, names, left_out):
    folder = make({f"download/class/{name}": VIT for name in files} | {"download/notes.txt": ""})
    for source in (folder, folder / "download", zipped(folder, "around/"), zipped(folder)):
        found = roster(source)
        assert [entry.submission for entry in found.entries] == names
        assert found.left_out == tuple(sorted((*left_out, "notes.txt")))


@pytest.mark.parametrize(
    "files",
    [
        ("anna/src/vit.py",),
        ("anna/vit.py", "anna/train.py", "anna/data/digits.gz"),
        ("anna/assignment.ipynb", "anna/figures/patches.png", "anna/data/digits.gz"),
        ("anna/homework.zip",),
    ],
)
def test_a_student_alone_is_not_taken_for_a_class(make, roster, files):
    folder = make(dict.fromkeys(files, VIT))
    for source in (folder, zipped(folder)):
        assert [entry.submission for entry in roster(source).entries] == ["anna"]


def test_of_gradescope_the_latest_counts_and_groups_and_missing_ones_are_known(make, roster):
    folder = make({"submission_metadata.yml": METADATA} | {
        f"submission_{n}/vit.py": VIT for n in (11, 12, 13)})  # fmt: skip
    above = folder.parent / "above"
    shutil.copytree(folder, above / "assignment_5_export")
    for source in (folder, above, zipped(folder, "assignment_5_export/")):
        entries = by_name(roster(source))
        assert [e.counts for e in entries.values()] == [True, False, True, True]
        assert entries["submission_11"].student == "Ada Lovelace"
        assert entries["submission_11"].handed_in.isoformat() == "2026-03-02T10:00:00+00:00"
        assert entries["submission_13"].student == "Bo, Cy"
        assert entries["submission_14"].parts == ()


def test_of_a_large_group_every_address_is_kept(make, roster):
    emails = [f"{'a' * 40}{n}@students.university.edu" for n in range(8)]
    listed = "".join(f"  - :name: N\n    :email: {email}\n" for email in emails)
    text = f"submission_1:\n  :submitters:\n{listed}  :created_at: 2026-03-01 09:00:00 Z\n"
    (entry,) = roster(make({"submission_metadata.yml": text, "submission_1/vit.py": VIT})).entries
    assert entry.email.split(", ") == emails


def test_metadata_that_is_none_is_told(make, roster):
    folder = make({"submission_metadata.yml": "a: [b", "submission_1/vit.py": VIT})
    with pytest.raises(KitError, match="not what Gradescope writes"):
        roster(folder)


def test_of_canvas_files_of_one_student_belong_together(make, roster, graded):
    folder = make({
        "doejane_101_5001_vit.py": VIT, "doejane_101_5002_train.py": "x = 1\n",
        "roejo_LATE_102_5003_my-own-name.py": VIT,
        "poe_103_5004_vit.py": VIT, "poe_103_5009_vit-1.py": VIT + "# again\n",
        "poe_103_5005_train.py": "x = 1\n",
        "zip_104_5006_homework.rar": b"Rar!",
    })  # fmt: skip
    entries = by_name(roster(folder))
    assert list(entries) == ["doejane_101", "poe_103", "poe_103-earlier-1", "roejo_102", "zip_104"]
    assert [e.late for e in entries.values()] == [False, False, False, True, False]
    assert graded(entries["doejane_101"]) == ["train.py", "vit.py"]
    assert graded(entries["roejo_102"]) == ["vit.py"]
    assert "It holds: homework.rar" in graded(entries["zip_104"])
    assert entries["poe_103"].counts
    assert not entries["poe_103-earlier-1"].counts
    assert dict(entries["poe_103"].parts)["vit.py"].name == "poe_103_5009_vit-1.py"
    assert dict(entries["poe_103-earlier-1"].parts)["train.py"].name == "poe_103_5005_train.py"


def test_names_like_those_of_canvas_are_told_by_a_number_that_two_files_have(make, roster):
    folder = make({
        "hw_3_2026_anna.py": VIT, "hw_3_2026_ben.py": VIT, "hw_3_2026_notes.txt": "x",
        "doejane_101_5001_vit.py": VIT, "doejane_101_5002_train.py": "x = 1\n",
    })  # fmt: skip
    found = roster(folder)
    assert list(by_name(found)) == ["doejane_101", "hw_3_2026_anna.py", "hw_3_2026_ben.py"]
    assert all(entry.counts for entry in found.entries)
    assert found.left_out == ("hw_3_2026_notes.txt",)


def test_of_moodle_folders_and_files_are_a_participants(make, roster, graded):
    inner = make({"vit.py": VIT, "train.py": "x = 1\n"}, "inner")
    folder = make({
        "Ana María O'Neil_71_assignsubmission_file_/vit.py": VIT,
        "Ana María O'Neil_71_assignsubmission_onlinetext_/onlinetext.html": "<p>hi",
        "Bo_72_assignsubmission_file_/work.zip": zipped(inner).read_bytes(),
        "Cy_73_assignsubmission_file_vit.py": VIT,
        "Cy_73_assignsubmission_file_train.py": "x = 1\n",
        "Di_74_assignsubmission_file/vit.py": VIT,
        "Ed_75_assignsubmission_onlinetext_/onlinetext.html": "<p>sorry",
        "Flo_76_assignsubmission_file_": "?",
    })  # fmt: skip
    entries = by_name(roster(folder))
    assert [e.student for e in entries.values()] == [
        "Ana María O'Neil",
        "Bo",
        "Cy",
        "Di",
        "Ed",
        "Flo",
    ]
    assert [e.who for e in entries.values()] == [f"moodle {n}" for n in range(71, 77)]
    assert graded(entries["Bo_72"]) == graded(entries["Cy_73"]) == ["train.py", "vit.py"]
    assert graded(entries["Di_74"]) == ["vit.py"]
    assert "There is no vit.py" in graded(entries["Ed_75"])


def test_of_autolab_the_highest_version_counts(make, roster, graded):
    """*Download all submissions*: address, version, and the name that all hand in under."""
    inner = make({"vit.py": VIT, "train.py": "x = 1\n"}, "inner")
    packed = zipped(inner).read_bytes()
    folder = make({
        "ada@x.edu_2_handin.zip": b"PK of an earlier version", "ada@x.edu_10_handin.zip": packed,
        "bo_b@cs.x.edu_1_handin.zip": packed, "cy@x.edu_1_handin.tar": "?",
    })  # fmt: skip
    for source in (folder, zipped(folder)):
        entries = by_name(roster(source))
        assert {name: e.counts for name, e in entries.items()} == {
            "ada@x.edu_10": True, "ada@x.edu_2": False, "bo_b@cs.x.edu_1": True,
            "cy@x.edu_1": True,
        }  # fmt: skip
        assert entries["bo_b@cs.x.edu_1"].email == "bo_b@cs.x.edu"
        assert entries["bo_b@cs.x.edu_1"].student == "bo_b@cs.x.edu"
    assert graded(entries["ada@x.edu_10"]) == ["train.py", "vit.py"]
    assert "It holds: handin.tar" in graded(entries["cy@x.edu_1"])


def test_of_autolab_what_is_no_zip_is_taken_for_what_it_holds(
    make, roster, graded, assignment, tmp_path
):
    """Autolab calls every file by the assessment's name; its own run reads them the same way."""
    corpus = assignment.root / "tests/corpus/right/44_notebook_plain"
    notebook = next(corpus.glob("*.ipynb")).read_bytes()
    contents = {"ada": VIT.encode(), "bo": notebook, "cy": b"PK\x03\x04 cut off"}
    folder = make({f"{who}@x.edu_1_handin.zip": held for who, held in contents.items()})
    on_autolab_itself = {}
    for who, content in contents.items():
        place = tmp_path / who
        place.mkdir()
        (place / "handin.zip").write_bytes(content)
        with on_autolab.handed_in(place, assignment) as named:
            on_autolab_itself[who] = read(named, assignment)
    for source in (folder, zipped(folder)):
        for who, entry in zip(contents, roster(source).entries):
            laid_out = entry.lay_out(tmp_path / str(source.suffix) / entry.folder)
            parcel = read(laid_out, assignment)
            assert parcel.files == on_autolab_itself[who].files
            assert parcel.notes == on_autolab_itself[who].notes
            if who == "cy":
                assert "cannot be opened as a zip" in parcel.refused
            else:
                assert not parcel.refused


def test_of_prairielearn_files_of_one_hand_in_belong_together(make, roster, graded):
    """*final_files.zip*, *all_files.zip*: instance, question, variant, number, identity, name."""
    folder = make({
        f"Homework3/{name}": VIT
        for name in (
            "ada@x.edu_1_vit-mnist_1_1_901_vit.py", "ada@x.edu_1_vit-mnist_1_2_1004_vit.py",
            "ada@x.edu_1_vit-mnist_1_2_1004_train.py", "bo@x.edu_1_vit-mnist_1_1_77_vit.py",
            "team7_1_vit-mnist_1_1_80_vit.py", "ada@x.edu_1_essay_1_1_2000_essay.py",
        )
    })  # fmt: skip
    for source in (folder, folder / "Homework3", zipped(folder)):
        entries = by_name(roster(source))
        assert {name: e.counts for name, e in entries.items()} == {
            "ada@x.edu_1004": True, "ada@x.edu_901": False, "bo@x.edu_77": True, "team7_80": True,
        }  # fmt: skip
    assert graded(entries["ada@x.edu_1004"]) == ["train.py", "vit.py"]
    assert graded(entries["team7_80"]) == ["vit.py"]
    assert (entries["bo@x.edu_77"].email, entries["team7_80"].email) == ("bo@x.edu", "")


def test_of_github_classroom_a_clone_is_its_users(make, roster, graded):
    """`gh classroom clone student-repos`: ASSIGNMENT-submissions/ASSIGNMENT-USER."""
    files = {f"vit-mnist-{user}/{name}": VIT for user in ("ada", "bo-b") for name in
             ("vit.py", ".git/config", ".github/workflows/classroom.yml")}  # fmt: skip
    folder = make(files, "vit-mnist-submissions")
    for source in (folder, zipped(folder, "vit-mnist-submissions/")):
        entries = by_name(roster(source))
        assert {name: e.who for name, e in entries.items()} == {
            "vit-mnist-ada": "ada", "vit-mnist-bo-b": "bo-b",
        }, source  # fmt: skip
        assert graded(entries["vit-mnist-ada"]) == ["vit.py"]


STAMP = "2026-03-02 10:00:00.250000 UTC"


def test_of_nbgrader_the_assignment_that_is_graded_is_found(make, roster, graded):
    """submitted/STUDENT/ASSIGNMENT/, with the time beside it."""
    one = {"ada/vit/vit.py": VIT, "ada/vit/timestamp.txt": STAMP}
    two = {"bo/vit/vit.py": VIT, "bo/vit/timestamp.txt": "yesterday\n"}
    earlier = {f"{s}/ps1/{n}": STAMP for s in ("ada", "cy") for n in ("timestamp.txt", "ps1.ipynb")}
    for number, files in enumerate((one, one | two, one | two | earlier, one | earlier)):
        folder = make(files, f"submitted-{number}")
        for source in (folder, zipped(folder), zipped(folder, "submitted/")):
            found = roster(source)
            assert [e.submission for e in found.entries] == ["ada", "bo"][
                : 1 + ("bo/vit/vit.py" in files)
            ]
            assert by_name(found)["ada"].handed_in.isoformat() == "2026-03-02T10:00:00.250000+00:00"
            assert graded(by_name(found)["ada"]) == ["vit.py"]
            assert found.left_out == (("cy",) if "cy/ps1/ps1.ipynb" in files else ())
    assert roster(make(one | two, "again")).entries[1].handed_in is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            ("ada/a/x.ipynb", "ada/a/timestamp.txt", "ada/b/timestamp.txt"),
            "several assignments: a, b",
        ),
        (("ada@x.edu_1_p_1_1_5_a.py", "ada@x.edu_1_q_1_1_6_a.py"), "several questions: p, q"),
    ],
)
def test_which_of_several_is_graded_is_asked_where_nothing_tells(make, roster, files, said):
    with pytest.raises(KitError, match=said):
        roster(make(dict.fromkeys(files, VIT)))


def test_of_prairielearn_who_handed_in_to_another_question_only_is_told(make, roster):
    names = ("ada@x.edu_1_vit_1_1_5_vit.py", "ada@x.edu_1_essay_1_1_6_e.txt",
             "bo@x.edu_1_essay_1_1_7_e.txt")  # fmt: skip
    folder = make(dict.fromkeys(names, VIT))
    for source in (folder, zipped(folder)):
        found = roster(source)
        assert [entry.submission for entry in found.entries] == ["ada@x.edu_5"]
        assert found.left_out == ("bo@x.edu",)


@pytest.mark.parametrize("platform", ["{}@x.edu_1_{}_1_1_{}_", "{}/{}/"])
def test_a_vit_that_one_student_hands_in_to_an_essay_stops_no_class(make, roster, platform):
    files = {}
    for number, who in enumerate(("ada", "bo", "cy")):
        essay = "vit.py" if who == "bo" else "essay.py"
        for question, name in (("vit", "vit.py"), ("essay", essay)):
            begin = platform.format(who, question, number)
            files |= {f"{begin}{name}": VIT}
            if "/" in begin:
                files |= {f"{begin}timestamp.txt": STAMP}
    found = roster(make(files))
    assert len(found.entries) == 3
    for entry in found.entries:
        path = entry.parts[0][1]
        assert "_vit_" in path.name or path.name == "vit"


# Each student hands in such a folder as well: what a platform writes, and what it names.
LOOKS = ("run1/timestamp.txt", "timestamp.txt", "submission_metadata.yml", "batch.json",
         "x_72_assignsubmission_file_/vit.py", "bob@x.edu_99_vit.py", "bob_1_q_1_1_9_vit.py",
         "bob_102_7_vit.py")  # fmt: skip
LAID_OUT = {
    "plain": ("class", "{who}/", ["ada", "bob", "cyd"]),
    "one file beside": ("class", "{who}/", ["ada", "bob", "cyd", "dee.py"]),
    "moodle": ("class", "{who}_7{n}_assignsubmission_file_/", ["ada_71", "bob_72", "cyd_73"]),
    "clones": ("vit-submissions", "vit-{who}/", ["vit-ada", "vit-bob", "vit-cyd"]),
    "nbgrader": ("submitted", "{who}/vit/", ["ada", "bob", "cyd"]),
    "gradescope": ("export", "submission_1{n}/",
                   ["submission_11", "submission_12", "submission_13", "submission_14"]),
}  # fmt: skip


@pytest.mark.parametrize("deeper", ["", "src/"])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("layout", LAID_OUT)
def test_what_one_student_hands_in_changes_nothing_for_the_others(
    make, roster, graded, layout, look, deeper
):
    name, begin, names = LAID_OUT[layout]
    files = {"submission_metadata.yml": METADATA} if layout == "gradescope" else {}
    files |= {name: VIT for name in names if name.endswith(".py")}
    folders = [begin.format(who=who, n=n) for n, who in enumerate(("ada", "bob", "cyd"), 1)]
    for folder in folders:
        files[f"{folder}vit.py"] = VIT
        if layout == "nbgrader":
            files[f"{folder}timestamp.txt"] = STAMP
    honest = by_name(roster(make(files, f"honest/{name}")))
    del files[f"{folders[0]}vit.py"]
    files |= {f"{folders[0]}{deeper}vit.py": VIT, f"{folders[0]}{look}": VIT}
    place = make(files, f"one/{name}")
    for source in (place, zipped(place, f"{name}/")):
        entries = by_name(roster(source))
        assert list(entries) == names
        for each in names[1:]:
            one, other = entries[each], honest[each]
            assert (one.student, one.who, one.counts) == (other.student, other.who, other.counts)
            assert [part for part, _ in one.parts] == [part for part, _ in other.parts]
        assert graded(entries["bob" if "bob" in entries else names[1]]) == ["vit.py"]


@pytest.mark.parametrize(
    ("begin", "names"),
    [
        ("{who}_7{n}_assignsubmission_file_", ["ada_71", "bob_72", "cyd_73"]),
        ("{who}_10{n}_500{n}_", ["ada_101", "bob_102", "cyd_103"]),
        ("{who}@x.edu_1_vit_1_1_{n}_", ["ada@x.edu_1", "bob@x.edu_2", "cyd@x.edu_3"]),
    ],
)
@pytest.mark.parametrize(
    "chosen",
    ["x_72_assignsubmission_file_vit.py", "bob_102_7_vit.py", "bob@x.edu_99_vit.py",
     "bob@x.edu_1_vit_1_1_99_vit.py", "x_1_other_1_1_99_vit.py", "two\nlines.py"],
)  # fmt: skip
def test_a_file_name_that_a_student_has_chosen_is_nobody_elses(make, roster, begin, names, chosen):
    starts = [begin.format(who=who, n=n) for n, who in enumerate(("ada", "bob", "cyd"), 1)]
    chosen_first = dict.fromkeys([f"{starts[0]}{chosen}", *(f"{s}vit.py" for s in starts[1:])], VIT)
    found = roster(make(chosen_first))
    assert [entry.submission for entry in found.entries] == names
    assert all(entry.counts for entry in found.entries)


def test_a_time_in_the_only_students_folder_does_not_make_it_nbgraders(make, roster):
    files = {"class/anna/vit.py": VIT, "class/anna/timestamp.txt": "1", "class/bo/vit.py": VIT}
    assert list(by_name(roster(make(files)))) == ["anna", "bo"]
    files = {"anna/vit.py": VIT, "anna/run1/timestamp.txt": "1"}
    [entry] = roster(make(files, "other")).entries
    assert (entry.submission, entry.parts[0][0]) == ("anna", "anna")


def test_of_two_submissions_under_one_name_the_newer_counts(make, roster):
    folder = make({"anna/src/deep/vit.py": VIT, "anna.py": VIT})
    for older, newer in (("anna/src/deep/vit.py", "anna.py"), ("anna.py", "anna/src/deep/vit.py")):
        os.utime(folder / older, (1e9, 1e9))
        os.utime(folder / newer, (1.1e9, 1.1e9))
        for source in (folder, zipped(folder)):
            counting = [e.submission for e in roster(source).entries if e.counts]
            assert counting == [newer.split("/")[0]]


def test_a_folder_without_files_is_never_the_latest(make, roster):
    folder = make({"anna/src": None, "anna.py": VIT})
    os.utime(folder / "anna.py", (1e9, 1e9))
    assert [e.submission for e in roster(folder).entries if e.counts] == ["anna.py"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("李四", "李四"),
        ("محمد", "محمد"),
        ("evil\u202egnp", r"evil\u202egnp"),
        ("two\nlines", r"two\nlines"),
        ("x\udcff", r"x\udcff"),
        ("a" * 240, "a" * 200 + " ..."),
        ("e\u0301", "é"),
    ],
)
def test_names_in_any_script_are_shown_and_make_safe_folders(make, roster, name, shown):
    folder = make({"other.py": VIT})
    (folder / f"{name}.py").write_text(VIT)
    entry = next(e for e in roster(folder).entries if e.student != "other")
    assert entry.student == shown
    assert "/" not in entry.folder
    assert not entry.folder.startswith(".")
    assert len(entry.folder.encode()) <= 120
    entry.folder.encode()


def test_on_a_system_that_knows_no_case_nothing_is_laid_over_anothers(tmp_path, monkeypatch):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for name in ("Anna/vit.py", "anna/train.py", "anna/vit.py", "Bo/vit.py", "Bo/train.py"):
            opened.writestr(name, name)
    assert archive.unpack(path, tmp_path / "here") == []
    assert (tmp_path / "here" / "anna" / "vit.py").read_text() == "anna/vit.py"

    def is_one(first, second):
        return str(first).casefold() == str(second).casefold()

    monkeypatch.setattr(archive, "_is_one", is_one)
    assert archive.unpack(path, tmp_path / "there") == ["anna/train.py", "anna/vit.py"]
    assert sorted(p.name for p in (tmp_path / "there" / "Anna").iterdir()) == ["vit.py"]
    assert sorted(p.name for p in (tmp_path / "there" / "Bo").iterdir()) == ["train.py", "vit.py"]


def test_folders_differ_on_systems_that_know_no_case(make, roster):
    folder = make({"Anna/vit.py": VIT, "anna/vit.py": VIT, "a:b/vit.py": VIT, "a?b/vit.py": VIT})
    folders = [e.folder.casefold() for e in roster(folder).entries]
    assert len(set(folders)) == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "there is no submission in it"),
        ({"notes.txt": "x"}, "there is no submission in it"),
        ({"vit.py": VIT, "train.py": VIT}, "this is one submission, not a class"),
    ],
)
def test_what_is_no_class_is_told(make, roster, files, said):
    with pytest.raises(KitError, match=said):
        roster(make(files))


def test_a_zip_cannot_write_outside_nor_fill_the_disk(make, roster, graded, tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("../../outside.py", VIT)
        opened.writestr("/absolute/vit.py", VIT)
        opened.writestr("C:\\windows\\vit.py", VIT)
        opened.writestr("anna/vit.py", VIT)
        opened.writestr("bomb/vit.py", bytes(120 << 20))
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    found = roster(path)
    assert [e.submission for e in found.entries] == ["anna", "bomb"]
    assert len(found.left_out) == 4
    assert not list(tmp_path.rglob("outside.py"))
    assert "larger than 1 MB" in graded(by_name(found)["bomb"])
    assert (tmp_path / "unpacked 0/bomb/vit.py").stat().st_size < 6 << 20


def test_of_a_zip_only_what_may_be_opened_takes_room(make, roster, graded, tmp_path):
    files = {"anna/vit.py": VIT, "anna/data/big.csv": "1" * 1000, "ben/work.pdf": b"%PDF"}
    found = roster(zipped(make(files)))
    assert not (tmp_path / "unpacked 0/anna/data/big.csv").stat().st_size
    assert graded(by_name(found)["anna"]) == ["vit.py"]
    assert "It holds: work.pdf" in graded(by_name(found)["ben"])


def test_a_zip_that_unpacks_to_more_than_a_class_can_hold_is_told(
    make, roster, tmp_path, monkeypatch
):
    monkeypatch.setattr(archive, "SLACK", 1 << 20)
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("class/anna/vit.py", VIT)
        for number in range(3):
            opened.writestr(f"class/ben/{number}.ipynb", bytes(1 << 20))
    with pytest.raises(KitError, match="it unpacks to more than 2 MB, 2 MB of them in class/ben"):
        roster(path)


def test_of_a_damaged_file_nothing_is_graded(make, roster, graded, tmp_path):
    path = zipped(make({"anna/vit.py": VIT, "ben/vit.py": VIT}))
    path.write_bytes(path.read_bytes().replace(b"return images", b"return nothin", 1))
    found = roster(path)
    assert found.left_out == ("anna/vit.py",)
    assert "It holds: nothing" in graded(by_name(found)["anna"])


def test_an_output_among_the_submissions_is_none_of_them(make, roster):
    files = {"anna/vit.py": VIT, "ben/vit.py": VIT, "notes.txt": ""}
    earlier = {"old/batch.json": "{}", "old/.lock": "", "old/sources/anna/vit.py": VIT}
    folder = make(files | earlier | {"new": None})
    found = roster(folder, folder / "new")
    assert [entry.submission for entry in found.entries] == ["anna", "ben"]
    assert found.left_out == ("notes.txt", "old")
    assert roster(zipped(folder)).left_out == ("notes.txt", "old")


def test_an_output_around_the_submissions_is_none_of_them(make, roster):
    folder = make({"class/anna/vit.py": VIT, "class/ben/vit.py": VIT, "new/batch.json": "{}"})
    found = roster(folder, folder / "new")
    assert [entry.submission for entry in found.entries] == ["anna", "ben"]


@pytest.mark.parametrize("out", ["class/anna/out", "class/results/out", "results/out"])
def test_an_output_in_a_submission_is_refused(make, roster, out):
    folder = make({"class/anna/vit.py": VIT, "class/ben/vit.py": VIT})
    with pytest.raises(KitError, match="it lies in the folder of a submission, or would make one"):
        roster(folder, folder / out)


def test_a_broken_zip_of_the_class_is_told(tmp_path, roster):
    (tmp_path / "class.zip").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(KitError, match="this is no zip that can be opened"):
        roster(tmp_path / "class.zip")


def test_the_digest_depends_on_what_is_graded_and_on_nothing_else(make, assignment, tmp_path):
    def of(files):
        number = len(list(tmp_path.glob("c*")))
        folder = make(files, f"c{number}")
        return digest(read(folder, assignment))

    one = of({"vit.py": VIT})
    assert one == of({"vit.py": VIT, "notes.txt": "x", "sub/other.py": "y"})
    others = [of({"vit.py": VIT + "# changed\n"}), of({"vit.py": VIT, "train.py": ""}), of({})]
    assert len({one, *others}) == 4
