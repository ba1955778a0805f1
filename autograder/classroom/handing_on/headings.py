"""Recognise the columns of a platform's table, in whatever language it was exported."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

Lines = Sequence[Sequence[str]]

# A column's name as the kit calls it, and what it is called in German, French, Spanish, Portuguese
# and Chinese; without accents, spaces and punctuation.
CANVAS_WORDS = {
    "Student": ("student", "studierende", "etudiant", "estudiante", "alumno", "aluno", "estudante",
                "学生"),
    "LastName": ("lastname",),
    "FirstName": ("firstname",),
    "ID": ("id", "kennung", "identifiant", "identificador", "标识符"),
    "SIS User ID": ("sisuserid",),
    "SIS Login ID": ("sisloginid",),
    "Email": ("email", "emailadresse", "courriel", "correoelectronico", "correio", "电子邮件"),
}  # fmt: skip
MOODLE_WORDS = {
    "Identifier": ("identifier", "id", "kennung", "identifiant", "identificador", "标识符",
                   "识别号"),
    "Full name": ("fullname", "vollstandigername", "nomcomplet", "nombrecompleto", "nomecompleto",
                  "全名", "姓名"),
    "ID number": ("idnumber", "idnummer", "matrikelnummer", "numerodidentification",
                  "numerodeidentificacion", "numerodeid", "numeroid", "numerodeidentificacao",
                  "学号", "id号"),
    "Email address": ("emailaddress", "emailadresse", "adressedecourriel", "direccionemail",
                      "direcciondecorreo", "enderecodeemail", "电子邮件地址"),
    "Grade": ("grade", "bewertung", "note", "calificacion", "nota", "avaliacao", "成绩", "分数",
              "评分"),
    "Maximum Grade": ("maximumgrade", "bestwertung", "notemaximale", "calificacionmaxima",
                      "notamaxima", "avaliacaomaxima", "最高分", "最高成绩", "满分"),
    "Feedback comments": ("feedbackcomments", "feedbackalskommentar", "feedbackparcommentaires",
                          "commentairesdefeedback", "comentariosderetroalimentacion",
                          "comentariosdefeedback", "comentariosdofeedback", "反馈评论",
                          "反馈意见"),
}  # fmt: skip
A_COMMENT = (
    "feedback",
    "kommentar",
    "comment",
    "comentario",
    "retroaliment",
    "反馈",
    "评论",
    "评语",
)
A_MAXIMUM = ("max", "best", "最高", "最大", "满分")
A_LOGIN = ("login", "anmeld", "connexion", "inici", "sesion", "acceso", "登")
OF_SIS = re.compile(r"(?<![a-z])sis(?![a-z])")
FIRST_ONES = 8  # columns that tell who a student is; marks come behind them
NUMBERED = re.compile(r"(?P<word>.*\D)\d+")  # Participant 71


def folded(text: str) -> str:
    """Return a text's letters and digits, small and without accents."""
    letters = unicodedata.normalize("NFKD", text.removeprefix("'")).casefold()
    return "".join(c for c in letters if c.isalnum())


def of_canvas(lines: Lines) -> dict[str, int]:
    """Return in which column of a gradebook what stands.

    What is called otherwise is told by what Canvas always does: names, numbers and SIS come first.
    """
    found = _called(lines[0], CANVAS_WORDS)
    for place, head in enumerate(lines[0][:FIRST_ONES]):
        small = head.casefold()
        if OF_SIS.search(small) and place not in found.values():
            is_login = any(word in folded(head) for word in A_LOGIN)
            found.setdefault("SIS Login ID" if is_login else "SIS User ID", place)
    if "SIS Login ID" in found:
        _add(found, "ID", lines, range(1, 3), lambda cells: all(c.isdecimal() for c in cells))
        if "ID" in found and "LastName" not in found:
            found.setdefault("Student", 0)
    return found


def of_moodle(lines: Lines) -> dict[str, int]:
    """Return in which column of a worksheet what stands.

    What is called otherwise is told by what Moodle writes into it, and by the order of its columns.
    """
    found = _called(lines[0], MOODLE_WORDS)
    everywhere = range(len(lines[0]))
    _add(found, "Identifier", lines, everywhere, _are_numbered)
    _add(found, "Email address", lines, everywhere, lambda cells: all("@" in c for c in cells))
    if "Identifier" in found and "Email address" in found:
        between = range(found["Identifier"] + 1, found["Email address"])
        _add(found, "Full name", lines, between[:1], bool)
    maxima = [n for n in everywhere if any(word in folded(lines[0][n]) for word in A_MAXIMUM)]
    _add(found, "Maximum Grade", lines, maxima, _are_one_number)
    if found.get("Maximum Grade", 0) and "Grade" not in found:
        found["Grade"] = found["Maximum Grade"] - 1
    behind = range(found.get("Grade", len(lines[0])) + 1, len(lines[0]))
    comments = [n for n in behind if any(word in folded(lines[0][n]) for word in A_COMMENT)]
    if comments:
        found.setdefault("Feedback comments", comments[-1])
    return found


def _called(heads: Sequence[str], words: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the columns whose heading is known; English goes first, where two would fit."""
    small = [folded(head) for head in heads]
    found: dict[str, int] = {}
    for name, known in words.items():
        places = [small.index(word) for word in map(folded, known) if word in small]
        if places:
            found[name] = places[0]
    return found


def _add(
    found: dict[str, int],
    name: str,
    lines: Lines,
    places: Sequence[int],
    fits: Callable[[list[str]], bool],
) -> None:
    """Take the first column that no other name has, and whose cells fit."""
    if name in found:
        return
    for place in places:
        cells = list(_cells(lines, place))
        if cells and place not in found.values() and fits(cells):
            found[name] = place
            return


def _cells(lines: Lines, place: int) -> Iterator[str]:
    return filter(None, (line[place].strip() for line in lines[1:] if place < len(line)))


def _are_one_number(cells: list[str]) -> bool:
    return len(set(cells)) == 1 and cells[0].replace(",", "").replace(".", "").isdecimal()


def _are_numbered(cells: list[str]) -> bool:
    found = [NUMBERED.fullmatch(cell) for cell in cells]
    return all(found) and len({match["word"] for match in found if match}) == 1
