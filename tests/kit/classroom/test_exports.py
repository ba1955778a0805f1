"""Marks on their way out: into Canvas, Moodle and Gradescope tables, late days, and sources."""

import csv
import io
from datetime import datetime, timedelta, timezone

import pytest

from autograder.classroom.book.ledger import Row, Status, read
from autograder.classroom.handing_on import delivery, exports, late
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.handing_on.late import Dates, Policy
from autograder.classroom.report import similarity, table
from autograder.errors import KitError
from kit.classroom.class_of import graded_class, report_of
from kit.workbench import ROOT

TITLE = "A Vision Transformer from scratch"
DUE = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
CANVAS = f"""\
\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Essay (1),{TITLE} (77)
    Points Possible,,,,,10,30
"Doe, Jane",101,a1,jane,A,7,
"Roe, José",102,a2,jose,A,=1+1,3
"=cmd, Eve",103,a3,eve,A,8,
"Same, Ann",104,a4,ann1,A,,
"Same, Ann",105,a5,ann2,A,,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 71,Jane Doe,jane@x.edu,Submitted,-,"30,00",
Participant 72,José Roe,jose@x.edu,Submitted,,"30,00",
Participant 73,@SUM(A1),eve@x.edu,Submitted,,"30,00",
"""


def lines(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode()), delimiter=delimiter))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def classroom(out, assignment):
    """classroom(jane=0.5, facts={...}) leaves a class in which jane has half of q1."""

    def make(facts=(), **shares):
        reports = {name: report_of(assignment, share) for name, share in shares.items()}
        return graded_class(out, assignment, reports, **dict(facts))

    return make


@pytest.fixture
def template(tmp_path):
    def write(text):
        path = tmp_path / "template.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_canvas_gets_its_own_table_back_with_one_column_filled(classroom, template):
    batch = classroom(jane=0.5, jose=1.0, zoe=1.0, facts={
        "jane": {"who": "canvas 101", "student": "doejane"},
        "jose": {"who": "canvas 999", "student": "roejose"},
        "zoe": {"who": "canvas 998", "student": "nobody"},
    })  # fmt: skip
    marks = late.marks(batch.rows, None)
    filled = exports.fill(template(CANVAS), exports.CANVAS, marks, TITLE)
    before, after = lines(CANVAS.removeprefix("\ufeff").encode()), lines(filled.content)
    assert [line[6] for line in after] == [f"{TITLE} (77)", "30", "22.5", "30", "", "", ""]
    assert [line[1:5] for line in after] == [line[1:5] for line in before]
    assert after[3][5] == "'=1+1"
    assert after[4][0] == "'=cmd, Eve"
    assert (filled.marked, filled.without_line) == (2, ("zoe",))


def test_whoever_gets_no_marks_in_the_table_is_listed(classroom, template):
    many = ", ".join(f"{'a' * 40}{n}@students.university.edu" for n in range(6))
    batch = classroom(b=0.5, c=1.0, pair=0.5, x=1.0, facts={
        "b": {"student": "Jane Doe"},
        "c": {"student": "doe jane"},
        "pair": {"email": f"jose, {many}", "sid": ""},
        "x": {"who": "canvas ab103", "student": "somebody"},
    })  # fmt: skip
    filled = exports.fill(template(CANVAS), exports.CANVAS, late.marks(batch.rows, None), TITLE)
    assert [line[6] for line in lines(filled.content)[2:]] == ["22.5", "22.5", "", "", ""]
    assert filled.without_line == (
        "c (the line it fits has the marks of b)", "pair (6 of its 7)", "x",
    )  # fmt: skip


def test_two_students_of_one_name_are_nobodys(classroom, template):
    batch = classroom(ann=0.5, facts={"ann": {"student": "Ann Same"}})
    filled = exports.fill(template(CANVAS), exports.CANVAS, late.marks(batch.rows, None), TITLE)
    assert filled.without_line == ("ann",)


def test_a_number_of_another_platform_names_nobody(classroom, template):
    batch = classroom(x=0.5, facts={"x": {"who": "moodle 101", "student": "somebody"}})
    filled = exports.fill(template(CANVAS), exports.CANVAS, late.marks(batch.rows, None), TITLE)
    assert filled.without_line == ("x",)


def test_moodle_is_matched_by_participant_and_email(classroom, template):
    batch = classroom(a=0.5, b=1.0, facts={
        "a": {"who": "moodle 71", "student": "Jane Doe"},
        "b": {"email": "jose@x.edu, eve@x.edu", "sid": "2, 3", "student": "José Roe, Eve"},
    })  # fmt: skip
    filled = exports.fill(template(MOODLE), exports.MOODLE, late.marks(batch.rows, None), TITLE)
    after = lines(filled.content)
    assert [line[4] for line in after[1:]] == ["22.5", "30", "30"]  # a group's marks are each one's
    assert after[3][1] == "'@SUM(A1)"


def test_a_table_with_semicolons_stays_one(classroom, template):
    batch = classroom(a=1.0, facts={"a": {"who": "moodle 71"}})
    text = MOODLE.replace('"30,00"', "30.00").replace(",", ";")
    filled = exports.fill(template(text), exports.MOODLE, late.marks(batch.rows, None), TITLE)
    assert lines(filled.content, ";")[1][4] == "30"


@pytest.mark.parametrize(
    ("text", "platform", "column", "said"),
    [
        ("a,b\n1,2\n", exports.CANVAS, "", "there is no column 'ID' in it"),
        (
            CANVAS.replace("vision", "v").replace("Vision", "v"),
            exports.CANVAS,
            "",
            "no column is called",
        ),
        (CANVAS, exports.CANVAS, "Exam", "name one with --column: 'Student', 'ID'"),
        (
            CANVAS.replace(",30\n", ",100\n"),
            exports.CANVAS,
            "",
            "Canvas has a maximum of 100, not 30",
        ),
        (
            MOODLE.replace("30,00", "50,00"),
            exports.MOODLE,
            "",
            "Moodle has a maximum of 50,00, not 30",
        ),
        ("", exports.MOODLE, "", "it is empty"),
        (b"\xff\xfe\x00", exports.MOODLE, "", "cannot be read as a table"),
    ],
)
def test_a_table_that_does_not_fit_is_told(classroom, template, text, platform, column, said):
    batch = classroom(a=1.0, facts={"a": {"who": f"{platform.name.lower()} 101"}})
    batch = (
        classroom(a=1.0, facts={"a": {"who": "moodle 71"}}) if platform is exports.MOODLE else batch
    )
    with pytest.raises(KitError) as raised:
        exports.fill(template(text), platform, late.marks(batch.rows, None), TITLE, column)
    assert said in str(raised.value)


def test_gradescope_gets_a_column_a_question(classroom, out):
    batch = classroom(jane=0.5, bo=1.0, facts={
        "jane": {"student": "Jane Doe", "email": "jane@x.edu", "sid": "1", "handed_in": DUE + HOUR},
        "bo": {"status": Status.MISSING},
    })  # fmt: skip
    marks = late.marks(batch.rows, Policy(DUE, 10))
    header, jane, bo = lines(exports.gradescope(out, batch, marks, True))
    told = dict(zip(header, jane))
    assert (told["First Name"], told["Last Name"], told["Email"]) == ("Jane", "Doe", "jane@x.edu")
    assert told["1: Cut images into patches (15.0 pts)"] == "7.5"
    assert (told["Total Score"], told["Late Penalty"], told["Score After Penalty"]) == (
        "22.5",
        "2.25",
        "20.25",
    )
    assert told["Lateness (H:M:S)"] == "01:00:00"
    assert dict(zip(header, bo))["Status"] == "Missing"


@pytest.mark.parametrize(
    ("after", "policy", "penalty"),
    [
        (-HOUR, {}, 0),
        (0 * HOUR, {}, 0),
        (HOUR, {}, 3),
        (24 * HOUR, {}, 3),
        (25 * HOUR, {}, 6),
        (25 * HOUR, {"most": 15.0}, 4.5),
        (240 * HOUR, {}, 30),
        (HOUR, {"grace": HOUR}, 0),
        (2 * HOUR, {"grace": HOUR}, 3),
        (None, {}, 0),
        (HOUR, {"dates": {"a": Dates(due=DUE + 2 * HOUR)}}, 0),
        (HOUR, {"dates": {"a": Dates(handed_in=DUE + 30 * HOUR)}}, 6),
        (None, {"dates": {"a": Dates(handed_in=DUE + HOUR)}}, 3),
    ],
)
def test_late_days_cost_a_share_of_the_score_and_leave_the_score_alone(
    classroom, after, policy, penalty
):
    handed_in = None if after is None else DUE + after
    batch = classroom(a=1.0, facts={"a": {"handed_in": handed_in}})
    (marks,) = late.marks(batch.rows, Policy(DUE, 10, **policy))
    assert (marks.row.score, marks.penalty, marks.final) == (30, penalty, 30 - penalty)


def test_what_is_not_known_of_dates_is_told_and_costs_nothing(classroom):
    batch = classroom(a=1.0, b=1.0, facts={"a": {"late": True}, "b": {"status": Status.OUR_FAULT}})
    policy = Policy(DUE, 10)
    marks = late.marks(batch.rows, policy)
    said = "\n".join(late.warnings(batch.rows, marks, policy))
    assert [one.row.submission for one in marks] == ["a"]
    for word in ("without a time", "calls these late", "the grader failed: b"):
        assert word in said


def test_dates_are_read_with_extensions(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("submission,handed_in,due\na,2026-03-01T10:00Z,\nb,,2026-03-05T12:00+01:00\n")
    dates = late.read_dates(path)
    assert dates["a"] == Dates(datetime(2026, 3, 1, 10, tzinfo=timezone.utc), None)
    assert dates["b"].due.isoformat() == "2026-03-05T12:00:00+01:00"
    path.write_text("submission,handed_in,due\na,yesterday,\n")
    with pytest.raises(KitError, match="line 2: 'yesterday' is no date"):
        late.read_dates(path)


def test_dates_of_nobody_are_told(classroom, tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("submission,due\nAnna,2026-03-05\n'=x,2026-03-05\n")
    policy = Policy(DUE, 10, dates=late.read_dates(path))
    batch = classroom(anna=1.0, **{"=x": 1.0})
    told = list(late.warnings(batch.rows, late.marks(batch.rows, policy), policy))
    assert "In --dates, but no submission is called so: Anna." in told
    path.write_text("name,due\na,2026-03-01\n")
    with pytest.raises(KitError, match="names no submission"):
        late.read_dates(path)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "  =x", "\uff1d1"]
)
def test_no_cell_is_a_formula(text):
    assert table.harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Anna", "-5", "+1.5", "-", "12,5%", "O'Neil", "a=b", "李"])
def test_other_cells_stay_as_they_are(text):
    assert table.harmless(text) == text


def test_the_command_writes_what_is_asked_for(autograder, classroom, out, template):
    classroom(jane=0.5, facts={"jane": {"who": "canvas 101", "handed_in": DUE + HOUR}})
    told = autograder(
        "export", out, "--canvas", template(CANVAS), "--gradescope", "--due", "2026-03-01T12:00Z"
    )
    assert told.returncode == 0, told.stderr
    assert "canvas.csv: 1 marks" in told.stdout
    assert lines((out / "exports/canvas.csv").read_bytes())[2][6] == "20.25"
    assert lines((out / "exports/late.csv").read_bytes())[1][4:] == ["1", "22.5", "2.25", "20.25"]
    assert read(out).rows[0].score == 22.5
    for arguments, said in (
        ((out,), "nothing was asked for"),
        ((out, "--due", "soon"), "--due: 'soon' is no date"),
        ((out, "--dates", "d.csv"), "--dates d.csv: it needs a due date"),
        ((out.parent, "--gradescope"), "this is no output of `autograder batch`"),
    ):
        told = autograder("export", *arguments)
        assert told.returncode == 2
        assert said in told.stderr


# --- sources -------------------------------------------------------------------------------------

SOURCE = '''"""A docstring."""
import math  # a comment


def f(a,b):
    """Another."""
    if a:
            return a   +b  # odd indentation
    x = "# no comment"
    return x
'''


def test_a_normalised_source_has_no_comments_and_even_spaces():
    assert similarity.normalised(SOURCE) == (
        "import math\ndef f ( a , b ) :\n    if a :\n        return a + b\n"
        '    x = "# no comment"\n    return x\n'
    )
    compile(similarity.normalised(SOURCE), "f", "exec")


@pytest.mark.parametrize(
    "text", ["def f(:\n  '''open", "  x\n y\n", "(" * 5000, "\x00", "", "é = 1 # x"]
)
def test_a_source_that_is_none_is_kept_and_breaks_nothing(text):
    similarity.normalised(text)


@pytest.fixture
def copies(out, assignment, classroom):
    """A class in which ben has anna's file with other names, and cleo a different one."""
    solution = (ROOT / "solution/vit.py").read_text()
    skeleton = (ROOT / "student/vit.py").read_text()
    other = (ROOT / "tests/corpus/right").glob("*/vit.py")
    renamed = solution.replace("images", "pictures").replace("sequences", "tokens")
    texts = {"anna": solution, "ben": "# mine!\n" + renamed, "cleo": sorted(other)[0].read_text(),
             "dan": skeleton, "eve": skeleton}  # fmt: skip
    classroom(**dict.fromkeys(texts, 1.0))
    for row in read(out).rows:
        (out / "sources" / row.folder).mkdir(parents=True)
        (out / "sources" / row.folder / "vit.py").write_text(texts[row.submission])
    return out


def test_sources_lie_ready_for_other_programs(copies, assignment):
    told = list(delivery.write(assignment, copies, copies / "exports", Wanted(sources=True), None))
    assert any("moss -l python" in line for line in told)
    assert (copies / "exports/base/vit.py").read_text().startswith("import math\nimport torch\n")
    assert len(list((copies / "exports/sources").glob("*/vit.py"))) == 5


def test_copies_are_listed_and_the_skeleton_is_nobodys_copy(copies, assignment):
    pytest.importorskip("copydetect", reason="the extra [similarity] is not installed")
    told = list(delivery.write(assignment, copies, copies / "exports", Wanted(similar=True), None))
    assert any("They are no verdicts." in line for line in told)
    header, *found = lines((copies / "exports/pairs.csv").read_bytes())
    pairs = {(line[0], line[1]): int(line[2]) for line in found}
    assert pairs[("anna", "ben")] > 90
    assert ("dan", "eve") not in pairs
    assert header[0] == "first"


def compared(folder, **texts):
    """Return the pairs that are found among these sources, by name."""
    pytest.importorskip("copydetect", reason="the extra [similarity] is not installed")
    files, rows = [], []
    for name, text in texts.items():
        (folder / name).mkdir(parents=True)
        files.append(folder / name / "vit.py")
        files[-1].write_text(similarity.normalised(text))
        rows.append(Row(name, name, name, name, Status.GRADED, True))
    base = folder / "base"
    base.mkdir()
    (base / "vit.py").write_text(
        similarity.normalised((ROOT / "student/vit.py").read_text(encoding="utf-8"))
    )
    return similarity.pairs(files, base, rows)


def of_the_corpus(count):
    paths = sorted((ROOT / "tests/corpus/right").glob("*/vit.py"))[:count]
    return {f"s{n}": path.read_text(encoding="utf-8") for n, path in enumerate(paths)}


def test_identical_files_come_first_then_a_copy_with_other_names(tmp_path):
    texts = of_the_corpus(12)
    copy = "# all mine\n" + texts["s0"].replace("\n\n", "\n\n\n")
    renamed = texts["s1"].replace("self.", "self.own_")
    found = compared(tmp_path, **texts, copy=copy, renamed=renamed)
    assert [(p.first, p.second, p.identical) for p in found[:2]] == [
        ("s0", "copy", True),
        ("s1", "renamed", False),
    ]
    header, first, *_ = lines(similarity.as_table(found))
    assert (header[-1], first[-1]) == ("kind", "identical")


def test_what_much_of_the_class_has_makes_no_pair(tmp_path):
    shared = (ROOT / "solution/vit.py").read_text(encoding="utf-8")
    texts = {name: f"{shared}\n{text}" for name, text in of_the_corpus(12).items()}
    listed = {(p.first, p.second) for p in compared(tmp_path, **texts)}
    assert len(listed) <= 6  # of 66, all of which share a whole solution


def test_a_file_that_many_have_is_a_line_for_each_and_not_for_each_pair(tmp_path):
    texts = {f"copy{n}": "def f(x):\n    return x * 2 + 1\n" for n in range(50)}
    found = compared(tmp_path, **texts)
    assert len(found) == 49
    assert {p.first for p in found} == {"copy0"}


def test_without_the_package_the_remedy_is_told(copies, assignment, monkeypatch):
    monkeypatch.setattr(similarity.importlib, "import_module", missing)
    with pytest.raises(KitError, match=r"copydetect is not installed\n.*\[similarity\]"):
        list(delivery.write(assignment, copies, copies / "exports", Wanted(similar=True), None))


def missing(name):
    raise ImportError(name)
