"""Marks on their way out: into Canvas, Moodle and Gradescope tables, late days, and sources."""

import csv
import io
import time
from datetime import datetime, timedelta, timezone

import pytest

from autograder.classroom.book.ledger import Row, Status, read
from autograder.classroom.handing_on import delivery, exports, late, tables
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


def filled_from(path, platform, batch):
    return exports.fill(tables.read(path, platform), late.marks(batch.rows, None), TITLE)


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
    filled = exports.fill(tables.read(template(CANVAS), tables.CANVAS), marks, TITLE)
    before, after = lines(CANVAS.removeprefix("\ufeff").encode()), lines(filled.content)
    assert [line[6] for line in after] == [f"{TITLE} (77)", "30", "22.5", "30", "", "", ""]
    assert [line[1:5] for line in after] == [line[1:5] for line in before]
    assert after[3][5] == "'=1+1"
    assert after[4][0] == "'=cmd, Eve"
    assert (filled.marked, filled.without_line) == (2, ("nobody (zoe)",))
    assert filled.without_marks == ("=cmd, Eve", "Same, Ann", "Same, Ann")


def test_whoever_gets_no_marks_in_the_table_is_listed(classroom, template):
    many = ", ".join(f"{'a' * 40}{n}@students.university.edu" for n in range(6))
    batch = classroom(b=0.5, c=1.0, pair=0.5, x=1.0, facts={
        "b": {"student": "Jane Doe"},
        "c": {"student": "doe jane"},
        "pair": {"email": f"jose, {many}", "sid": ""},
        "x": {"who": "canvas ab103", "student": "somebody"},
    })  # fmt: skip
    filled = filled_from(template(CANVAS), tables.CANVAS, batch)
    assert [line[6] for line in lines(filled.content)[2:]] == ["", "22.5", "", "", ""]
    assert filled.without_line == (
        "Jane Doe (b): c has this name as well, and one line, 3, fits both",
        "doe jane (c): b has this name as well, and one line, 3, fits both",
        *(f"{address} (pair)" for address in many.split(", ")),
        "somebody (x)",
    )  # fmt: skip


def test_two_students_of_one_name_are_nobodys(classroom, template):
    batch = classroom(ann=0.5, facts={"ann": {"student": "Ann Same"}})
    filled = filled_from(template(CANVAS), tables.CANVAS, batch)
    assert filled.without_line == (
        "Ann Same (ann): lines 6, 7 have this name, and no number or e-mail tells which",
    )


def test_a_number_of_another_platform_names_nobody(classroom, template):
    batch = classroom(x=0.5, facts={"x": {"who": "moodle 101", "student": "somebody"}})
    filled = filled_from(template(CANVAS), tables.CANVAS, batch)
    assert filled.without_line == ("somebody (x)",)


def test_moodle_is_matched_by_participant_and_email(classroom, template):
    batch = classroom(a=0.5, b=1.0, facts={
        "a": {"who": "moodle 71", "student": "Jane Doe"},
        "b": {"email": "jose@x.edu, eve@x.edu", "sid": "2, 3", "student": "José Roe, Eve"},
    })  # fmt: skip
    filled = filled_from(template(MOODLE), tables.MOODLE, batch)
    after = lines(filled.content)
    assert [line[4] for line in after[1:]] == ["22.5", "30", "30"]  # a group's marks are each one's
    assert after[3][1] == "'@SUM(A1)"


# What Moodle calls the columns of a worksheet, and a participant, in other languages.
WORKSHEETS = {
    "German": ("ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung",
               "Bewertung kann geändert werden", "Feedback als Kommentar", "Teilnehmer/in"),
    "French": ("Identifiant", "Nom complet", "Adresse de courriel", "Statut", "Note",
               "Note maximale", "La note peut être modifiée", "Feedback par commentaires",
               "Participant·e "),
    "Spanish": ("Identificador", "Nombre completo", "Dirección de correo", "Estado",
                "Calificación", "Calificación máxima", "La calificación puede ser cambiada",
                "Comentarios de retroalimentación", "Participante "),
    "Portuguese": ("Identificador", "Nome completo", "Endereço de email", "Status", "Nota",
                   "Nota máxima", "A nota pode ser alterada", "Comentários de feedback",
                   "Participante "),
    "Chinese": ("标识符", "全名", "电子邮件地址", "状态", "成绩", "最高分", "成绩可以更改",
                "反馈评论", "参与者"),
    "told by what stands in them": ("一", "二", "三", "四", "五", "Maximum", "六", "Comments", "Nº "),
}  # fmt: skip


@pytest.mark.parametrize("words", WORKSHEETS.values(), ids=WORKSHEETS)
def test_a_worksheet_of_another_language_is_known_by_its_columns(classroom, template, words):
    *heads, participant = words
    text = ",".join(heads) + "".join(
        f'\n{participant}{n},{name},{mail},x,,"30,00",x,'
        for n, name, mail in ((71, "Jane Doe", "jane@x.edu"), (72, "José Roe", "jose@x.edu"),
                              (73, "Eve Hu", "eve@x.edu"))
    )  # fmt: skip
    batch = classroom(a=0.5, b=1.0, c=0.0, facts={
        "a": {"who": "moodle 71", "student": "Jane Doe"},
        "b": {"email": "jose@x.edu", "student": "José"},
        "c": {"student": "Eve Hu"},
    })  # fmt: skip
    read_one = tables.read(template(text), tables.MOODLE)
    marks = late.marks(batch.rows, None)
    filled = exports.fill(read_one, marks, TITLE, comments=dict.fromkeys("abc", "Well."))
    after = lines(filled.content)
    assert after[0] == heads
    assert [line[4] for line in after[1:]] == ["22.5", "30", "15"]
    assert [line[7] for line in after[1:]] == ["Autograder: Well."] * 3
    assert (filled.without_line, filled.without_marks) == ((), ())
    with pytest.raises(KitError, match="has a maximum of 50,00, not 30"):
        filled_from(template(text.replace("30,00", "50,00")), tables.MOODLE, batch)


def test_a_column_that_only_speaks_of_marks_takes_no_comment(classroom, template):
    text = "标识符,全名,评分,最高分,最后修改(评分)\n参与者71,Jane Doe,,30,-\n"
    batch = classroom(jane=0.5, facts={"jane": {"who": "moodle 71", "student": "Jane Doe"}})
    read_one = tables.read(template(text), tables.MOODLE)
    filled = exports.fill(read_one, late.marks(batch.rows, None), TITLE, comments={"jane": "Well."})
    assert lines(filled.content)[1] == ["参与者71", "Jane Doe", "22.5", "30", "-"]


@pytest.mark.parametrize(
    "heads",
    [
        "Studierende,ID,SIS-User-ID,SIS-Login-ID,Abschnitt",
        "Étudiant,ID,ID utilisateur SIS,ID de connexion SIS,Section",
        "Estudiante,ID,ID de usuario del SIS,ID de inicio de sesión del SIS,Sección",
        "Aluno,ID,ID de usuário SIS,ID de login SIS,Seção",
        "学生,ID,SIS用户ID,SIS登录ID,班级",
        "Namn,Nummer,SIS-användar-ID,SIS-login-ID,Sektion",
    ],
)
def test_a_gradebook_of_another_language_is_known_by_its_columns(classroom, template, heads):
    text = CANVAS.replace("Student,ID,SIS User ID,SIS Login ID,Section", heads)
    text = text.replace("Points Possible", "Mögliche Punkte").replace(",10,30\n", ',10,"30,00"\n')
    batch = classroom(jane=0.5, jose=1.0, ann=0.0, eve=1.0, facts={
        "jane": {"who": "canvas 101", "student": "doejane"},
        "jose": {"student": "José Roe"},
        "ann": {"email": "ann2", "student": "Ann"},
        "eve": {"sid": "a3", "student": "E."},
    })  # fmt: skip
    filled = filled_from(template(text), tables.CANVAS, batch)
    assert [line[6] for line in lines(filled.content)[2:]] == ["22.5", "30", "30", "", "15"]
    assert filled.without_line == ()
    with pytest.raises(KitError, match="has a maximum of 50,00, not 30"):
        filled_from(template(text.replace("30,00", "50,00")), tables.CANVAS, batch)


def test_a_gradebook_may_have_first_and_last_names_apart(classroom, template):
    text = "LastName,FirstName,ID,SIS Login ID,Section," + TITLE + "\nDoe,Jane,101,j,A,\n"
    batch = classroom(jane=0.5, facts={"jane": {"student": "Jane Doe"}})
    filled = filled_from(template(text), tables.CANVAS, batch)
    assert lines(filled.content)[1][5] == "22.5"


def test_the_worksheet_of_another_assignment_is_refused(classroom, template):
    batch = classroom(a=0.5, b=1.0, facts={
        "a": {"who": "moodle 901", "student": "Jane Doe"},
        "b": {"who": "moodle 902", "student": "José Roe"},
    })  # fmt: skip
    with pytest.raises(KitError) as raised:
        filled_from(template(MOODLE), tables.MOODLE, batch)
    assert "none of the class's 2 participant numbers is in it" in str(raised.value)
    assert "the worksheet of another assignment" in str(raised.value)
    assert "To mend it: export the table of this assignment's own from Moodle" in str(raised.value)


def test_numbers_that_are_other_students_in_the_table_are_refused(classroom, template):
    batch = classroom(a=0.5, b=1.0, facts={
        "a": {"who": "moodle 71", "student": "Li Na"},
        "b": {"who": "moodle 72", "student": "Wu Bo"},
    })  # fmt: skip
    with pytest.raises(KitError, match="the number of Li Na is that of Jane Doe here") as raised:
        filled_from(template(MOODLE), tables.MOODLE, batch)
    assert "line 2" in str(raised.value)


def test_a_number_goes_before_a_name_that_two_have(classroom, template):
    batch = classroom(a=0.5, b=1.0, facts={
        "a": {"student": "Jane Doe"},
        "b": {"who": "moodle 71", "student": "Jane Doe"},
    })  # fmt: skip
    filled = filled_from(template(MOODLE), tables.MOODLE, batch)
    assert lines(filled.content)[1][4] == "30"
    assert filled.without_line == ("Jane Doe (a): the line it fits is that of b",)


def test_a_table_with_semicolons_stays_one(classroom, template):
    batch = classroom(a=1.0, facts={"a": {"who": "moodle 71"}})
    text = MOODLE.replace('"30,00"', "30.00").replace(",", ";")
    filled = filled_from(template(text), tables.MOODLE, batch)
    assert lines(filled.content, ";")[1][4] == "30"


@pytest.mark.parametrize(
    ("text", "platform", "column", "said"),
    [
        ("a,b\n1,2\n", tables.CANVAS, "", "there is no column 'ID' in it"),
        (
            CANVAS.replace("vision", "v").replace("Vision", "v"),
            tables.CANVAS,
            "",
            "no column is called",
        ),
        (CANVAS, tables.CANVAS, "Exam", "name one with --column: 'Student', 'ID'"),
        (
            CANVAS.replace(",30\n", ",100\n"),
            tables.CANVAS,
            "",
            "Canvas has a maximum of 100, not 30",
        ),
        (
            MOODLE.replace("30,00", "50,00"),
            tables.MOODLE,
            "",
            "Moodle has a maximum of 50,00, not 30",
        ),
        ("", tables.MOODLE, "", "it is empty"),
        (b"\xff\xfe\x00", tables.MOODLE, "", "cannot be read as a table"),
    ],
)
def test_a_table_that_does_not_fit_is_told(classroom, template, text, platform, column, said):
    batch = classroom(a=1.0, facts={"a": {"who": f"{platform.name.lower()} 101"}})
    batch = (
        classroom(a=1.0, facts={"a": {"who": "moodle 71"}}) if platform is tables.MOODLE else batch
    )
    with pytest.raises(KitError) as raised:
        exports.fill(
            tables.read(template(text), platform), late.marks(batch.rows, None), TITLE, column
        )
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


def test_gradescope_gets_a_row_for_each_student_of_a_group(classroom, out):
    batch = classroom(pair=0.5, two=1.0, facts={
        "pair": {"student": "Jane Doe, Bo Roe", "email": "jane@x.edu, bo@x.edu", "sid": "1, 2"},
        "two": {"student": "Al Hu, Li Na", "email": "al@x.edu, na@x.edu", "status": Status.MISSING},
    })  # fmt: skip
    header, *rows = lines(exports.gradescope(out, batch, late.marks(batch.rows, None), False))
    told = [dict(zip(header, row)) for row in rows]
    names = ("First Name", "Last Name", "SID", "Email", "Total Score", "Status", "Submission ID")
    assert [[one[name] for name in names] for one in told] == [
        ["Jane", "Doe", "1", "jane@x.edu", "22.5", "Graded", "pair"],
        ["Bo", "Roe", "2", "bo@x.edu", "22.5", "Graded", "pair"],
        ["Al", "Hu", "", "al@x.edu", "", "Missing", ""],
        ["Li", "Na", "", "na@x.edu", "", "Missing", ""],
    ]


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


def doubts(classroom, due, times, **more):
    names = [f"s{n}" for n in range(len(times))]
    batch = classroom(**dict.fromkeys(names, 1.0),
                      facts={n: {"handed_in": at} for n, at in zip(names, times)})  # fmt: skip
    policy = Policy(due, 10, **more)
    return "\n".join(late.warnings(batch.rows, late.marks(batch.rows, policy), policy))


def test_a_due_date_before_every_submission_is_doubted(classroom):
    said = doubts(classroom, DUE, [DUE + 30 * HOUR, DUE + 400 * HOUR])
    assert "All 2 submissions with a time came after the due date" in said
    assert "on day 2 after it: is the date right?" in said
    assert doubts(classroom, DUE, [DUE - HOUR, DUE + 400 * HOUR]) == ""


def test_a_due_date_to_come_and_less_time_than_others_are_told(classroom):
    due = datetime.now(timezone.utc) + 24 * HOUR
    said = doubts(classroom, due, [DUE, DUE], dates={"s1": Dates(due=DUE)})
    assert "has not come yet" in said
    assert "In --dates with less time than all others: s1." in said


def test_a_date_without_an_offset_names_the_zone_that_is_taken(
    autograder, classroom, out, tmp_path, monkeypatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        classroom(a=1.0, b=1.0, facts={"a": {"handed_in": DUE}, "b": {"handed_in": DUE}})
        path = tmp_path / "dates.csv"
        path.write_text("submission,due\na,2026-03-09T12:00\nb,2026-03-09T12:00Z\n")
        told = autograder("export", out, "--due", "2026-03-01T21:00", "--dates", path)
        sure = autograder("export", out, "--due", "2026-03-01T21:00+09:00")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "--due names no time zone: taken as 2026-03-01T21:00+09:00" in told.stdout
    assert "In --dates without a time zone, taken by this machine's: a." in told.stdout
    assert "late.csv: 0 late" in told.stdout
    assert "time zone" not in sure.stdout


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
