"""Which section a student is in, by whatever a course's table calls them."""

import pytest

from autograder.classroom.finding.roster import Entry
from autograder.classroom.finding.sections import read_sections, section_of
from autograder.errors import KitError

JANE = Entry("doejane_101", "Jane Doe", "canvas 101", email="jane@x.edu", sid="4711")


@pytest.mark.parametrize("table", [
    "Student,ID,Section\n\"Doe, Jane\",9,B1\n",
    "\ufeffEmail;Section\r\nJANE@x.edu;B1\r\n",
    "First Name,Last Name,SID,Sections\nJ.,D.,4711,B1\n",
    "submission\tgroup\ndoejane_101\tB1\n",
])  # fmt: skip
def test_a_student_is_found_by_number_address_or_name(tmp_path, table):
    (tmp_path / "course.csv").write_text(table, encoding="utf-8")
    found = read_sections(tmp_path / "course.csv")
    assert section_of(JANE, found) == "B1"
    assert section_of(Entry("ben", "Ben", "ben"), found) == ""


def test_a_name_that_two_sections_have_says_nothing_and_a_number_does(tmp_path):
    path = tmp_path / "course.csv"
    path.write_text("name,sid,section\nJane Doe,4711,B1\nJane Doe,4712,B2\n")
    found = read_sections(path)
    assert section_of(JANE, found) == "B1"
    assert section_of(Entry("j", "Jane Doe", "j"), found) == ""


def test_a_group_across_sections_is_in_none(tmp_path):
    path = tmp_path / "course.csv"
    path.write_text("email,section\na@x,B1\nb@x,B2\nc@x,B1\n")
    found = read_sections(path)
    assert section_of(Entry("g", "A, C", "g", email="a@x, c@x"), found) == "B1"
    assert section_of(Entry("g", "A, B", "g", email="a@x, b@x"), found) == ""


@pytest.mark.parametrize(("content", "said"), [
    (b"", "no column for the section"),
    (b"name,mark\nJane,1\n", "no column for the section"),
    (b"section,mark\nB1,1\n", "no column for the student"),
    (b"\xff\xfe", "cannot be read as a table"),
])  # fmt: skip
def test_a_table_without_sections_is_told(tmp_path, content, said):
    (tmp_path / "course.csv").write_bytes(content)
    with pytest.raises(KitError, match=rf"--sections .*{said}.*\n.*a column `section`"):
        read_sections(tmp_path / "course.csv")
    with pytest.raises(KitError, match="No such file"):
        read_sections(tmp_path / "none.csv")
