"""Names that are one to many systems: told, never a loss, and no way to be graded for another's file."""

import io
import os
import tarfile
import unicodedata
import warnings
import zipfile

import pytest

from autograder.errors import KitError
from autograder.submission.reading import read
from checks.code.contract import NAMES
from kit.workbench import messages

VIT = b"x = 'this one'\n"
TRAIN = b"y = 'this too'\n"
OTHER = b"z = 'another'\n"
TWO_FORMS = [unicodedata.normalize(form, "Übung é") for form in ("NFC", "NFD")]


@pytest.fixture(params=["folder", "zip"])
def handed_in(request, tmp_path):
    """handed_in({name: content}) lies in a folder, or in a zip."""

    def write(files):
        if request.param == "zip":
            with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return tmp_path / "work.zip"
        for name, content in files.items():
            place = tmp_path / "work" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return tmp_path / "work"

    return write


@pytest.mark.parametrize("name", ["Vit.py", "VIT.PY", "ViT.py", "\uff56\uff49\uff54.py"])
def test_a_name_in_other_letters_is_taken_and_told(handed_in, assignment, name):
    parcel = read(handed_in({name: VIT, "Train.py": TRAIN}), assignment)
    assert parcel.files == {"vit.py": VIT, "train.py": TRAIN}
    assert parcel.notes == (
        f"{name} was graded as vit.py: please hand it in under that name.",
        "Train.py was graded as train.py: please hand it in under that name.",
    )


def test_it_earns_its_points(grader, handed_in, assignment):
    vit = (assignment.solution / "vit.py").read_bytes()
    report = grader.grade(handed_in({"Vit.py": vit}), ["q1"])
    assert report.points == 15
    assert "Vit.py was graded as vit.py" in messages(report)


@pytest.mark.parametrize("name", ["Vit.py", "VIT.PY"])
def test_a_single_file_in_other_letters_is_taken_and_told(assignment, tmp_path, name):
    (tmp_path / name).write_bytes(VIT)
    parcel = read(tmp_path / name, assignment)
    assert parcel.files == {"vit.py": VIT}
    assert f"{name} was graded as vit.py: please hand it in under that name." in parcel.notes
    (tmp_path / "TRAIN.py").write_bytes(TRAIN)
    assert read(tmp_path / "TRAIN.py", assignment).sources == {"train": "train.py"}


@pytest.mark.parametrize("other", ["VIT.py", "Vit.PY", "\uff56it.py"])
def test_of_two_names_for_one_file_the_right_one_counts(handed_in, assignment, other):
    parcel = read(handed_in({other: OTHER, "vit.py": VIT, "train.py": TRAIN}), assignment)
    assert parcel.files == {"vit.py": VIT, "train.py": TRAIN}
    assert parcel.notes == (
        f"vit.py was graded, and not {other}: many systems take these for one file.",
    )


def test_of_two_wrong_names_for_one_file_none_is_guessed(handed_in, assignment):
    parcel = read(handed_in({"Vit.py": VIT, "VIT.py": OTHER, "train.py": TRAIN}), assignment)
    assert parcel.files == {}
    assert parcel.refused == (
        "VIT.py, Vit.py are names for one file on many systems. Hand in the one that is meant, "
        "as vit.py."
    )


def test_a_name_like_it_does_not_outweigh_a_notebook_elsewhere(handed_in, assignment):
    work = b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}'
    parcel = read(handed_in({"WORK.IPYNB": work, "old/Vit.py": OTHER}), assignment)
    assert b"x = 1" in parcel.files["notebook.py"]
    assert OTHER not in parcel.files.values()


def test_an_accent_in_two_forms_is_one_folder(handed_in, assignment):
    one, two = TWO_FORMS
    assert one != two
    parcel = read(handed_in({f"{one}/vit.py": VIT, f"{two}/train.py": TRAIN}), assignment)
    assert parcel.files == {"vit.py": VIT, "train.py": TRAIN}
    assert parcel.notes == (f"Your files were taken from {one}/.",)


def test_two_files_under_one_name_in_two_forms_are_told_apart(handed_in, assignment):
    one, two = TWO_FORMS
    parcel = read(handed_in({f"{one}/vit.py": VIT, f"{two}/vit.py": OTHER}), assignment)
    assert parcel.refused.startswith("There are 2 files called vit.py in your ")
    assert "\\xdcbung \\xe9/vit.py" in parcel.refused
    assert "U\\u0308bung e\\u0301/vit.py" in parcel.refused


def test_of_an_entry_that_is_twice_in_a_zip_the_last_counts(assignment, tmp_path):
    """As for whatever unpacks it: what is graded is what a teacher sees."""
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("vit.py", OTHER)
        archive.writestr("vit.py", VIT)
    parcel = read(tmp_path / "work.zip", assignment)
    assert parcel.files == {"vit.py": VIT}
    assert parcel.notes[0] == "vit.py is in your zip more than once: the last one was graded."
    with zipfile.ZipFile(tmp_path / "work.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / "vit.py").read_bytes() == VIT


def test_a_hard_link_is_a_file_and_what_it_shares_is_never_written(assignment, tmp_path):
    (tmp_path / "elsewhere").write_bytes(VIT)
    (tmp_path / "work").mkdir()
    os.link(tmp_path / "elsewhere", tmp_path / "work" / "vit.py")
    assert read(tmp_path / "work", assignment).files == {"vit.py": VIT}
    assert (tmp_path / "elsewhere").read_bytes() == VIT


def test_what_can_hold_links_is_never_unpacked(assignment, tmp_path):
    with tarfile.open(tmp_path / "work.tar", "w") as archive:
        link = tarfile.TarInfo("vit.py")
        link.type, link.linkname = tarfile.LNKTYPE, str(assignment.solution / "vit.py")
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("train.py"), io.BytesIO())
    with pytest.raises(KitError, match="this is no submission"):
        read(tmp_path / "work.tar", assignment)


FIVE = "".join(f"def {name}(): ...\n" for name in NAMES["vit.py"]).encode()
TWO = "".join(f"def {name}(): ...\n" for name in NAMES["train.py"]).encode()


@pytest.mark.parametrize("files", [
    {"MyViT.py": FIVE, "Train.py": TWO},
    {"MyViT.py": FIVE, "loop.py": TWO, "plots.py": b"def evaluate(): ...\n"},
    {"MyViT.py": FIVE, "Train.py": TWO, "old/MyViT.py": FIVE, "checks/msa.py": b"class MyMSA: ...\n"},
    {"work/MyViT.py": FIVE, "work/Train.py": TWO, "work/old/vit2.py": FIVE},
])  # fmt: skip
def test_a_file_of_another_name_is_known_by_what_it_defines(handed_in, assignment, files):
    parcel = read(handed_in(files), assignment)
    assert parcel.files == {"vit.py": FIVE, "train.py": TWO}
    assert "MyViT.py was graded as vit.py: please hand it in under that name." in parcel.notes


@pytest.mark.parametrize("files", [
    {"MyViT.py": FIVE, "MyViT2.py": FIVE},
    {"MyViT.py": FIVE, "msa.py": b"class MyMSA: ...\n"},
    {"a/MyViT.py": FIVE, "b/other.py": FIVE},
])  # fmt: skip
def test_where_two_could_be_meant_nobody_guesses(handed_in, assignment, files):
    refused = read(handed_in(files), assignment).refused
    assert refused.startswith("There is no vit.py in your ")
    assert all(name in refused.partition("What belongs there stands in ")[2] for name in files)


@pytest.mark.parametrize("files", [
    {"MyViT.py": FIVE.replace(b"MyMSA", b"MSA")},
    {"MyViT.py": FIVE + b"#" * (1 << 20)},
    {f"part{n}.py": FIVE if n == 0 else b"" for n in range(50)},
])  # fmt: skip
def test_a_file_without_every_name_is_not_taken_for_it(handed_in, assignment, files):
    refused = read(handed_in(files), assignment).refused
    assert refused.startswith("There is no vit.py in your ")
    assert "nobody could know" not in refused


def test_beside_the_right_name_only_the_missing_file_is_looked_for(handed_in, assignment):
    files = {"vit.py": FIVE, "other.py": FIVE, "Training.py": TWO}
    assert read(handed_in(files), assignment).files == {"vit.py": FIVE, "train.py": TWO}
    both = {"vit.py": FIVE + TWO, "loop.py": TWO}
    assert read(handed_in(both), assignment).sources == {"train": "vit.py", "vit": "vit.py"}
    unclear = {"vit.py": FIVE, "loop.py": TWO, "loop2.py": TWO}
    assert read(handed_in(unclear), assignment).sources == {"train": "vit.py", "vit": "vit.py"}


def test_renamed_files_earn_their_points_whatever_they_import_from_each_other(
    grader, handed_in, assignment
):
    vit = (assignment.solution / "vit.py").read_bytes()
    train = (assignment.solution / "train.py").read_bytes().replace(b"from vit ", b"from MyViT ")
    assert b"from MyViT import" in train
    report = grader.grade(handed_in({"MyViT.py": vit, "Train.py": train}), ["q1", "q6"])
    assert report.points == 25
    assert "MyViT.py was graded as vit.py" in messages(report)
