"""What `make bench-peers` reads of the peers and writes down of them; nothing is measured here."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
import typer
from rich.console import Console

from autograder.assignment.config import load
from autograder.proof import corpus
from kit.bench.peers.__main__ import PAGE, main, page, table
from kit.bench.peers.graders import (
    CHECKS,
    QUESTIONS,
    SAME,
    KitSame,
    Nbgrader,
    Otter,
    PrairieLearn,
    Pytest,
    Verdict,
)
from kit.bench.peers.measure import Row, submissions
from kit.bench.processes import Cost
from kit.workbench import ROOT

REQUIREMENTS = (CHECKS.parent / "requirements.txt").read_text()
PINS = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", REQUIREMENTS, re.M)


def recorded(grader, place):
    """Return a grader that finds its results in a folder, and was never run."""

    class Recorded(grader):
        def prepare(self):
            pass

    return Recorded(place / "here", Path(sys.executable))


@pytest.mark.parametrize(
    ("grader", "file", "rows", "verdict"),
    [
        (
            Otter,  # a row for each question
            "results.json",
            [
                {"name": "Public Tests", "output": "all of it again"},
                {"name": "q1", "score": 15, "max_score": 15, "output": "All test cases passed!"},
                {"name": "q3", "score": 10, "max_score": 25, "output": "q3 - 2: not close"},
            ],
            Verdict(25, 40, ("q3 - 2: not close",)),
        ),
        (
            PrairieLearn,  # a row for each check
            "autograder_results.json",
            [
                {"name": "a", "points": 5.0, "max_points": 5, "message": ""},
                {"name": "b", "points": 0.0, "max_points": 15, "message": "Not equal"},
            ],
            Verdict(5, 20, ("Not equal",)),
        ),
    ],
)
def test_points_and_messages_are_read_row_by_row(tmp_path, grader, file, rows, verdict):
    peer = recorded(grader, tmp_path)
    (peer.place / file).write_text(json.dumps({"tests": rows}))
    assert peer.verdict() == verdict


def test_pytest_counts_checks(tmp_path):
    plain = recorded(Pytest, tmp_path)
    (plain.place / "results.xml").write_text(
        '<testsuites><testsuite><testcase name="a"/><testcase name="b">'
        '<failure message="m">assert 1 == 2</failure></testcase></testsuite></testsuites>'
    )
    assert plain.verdict() == Verdict(1, 2, ("assert 1 == 2",))


def test_nbgrader_says_what_its_cells_raise(tmp_path):
    nbgrader, v4 = recorded(Nbgrader, tmp_path), nbformat.v4
    file = nbgrader.place / "autograded" / "student" / nbgrader.book
    file.parent.mkdir(parents=True)
    own = nbgrader.python.parents[1]
    cells = [v4.new_code_cell("answer", metadata={"nbgrader": {"grade": False}})]
    for name, points, lines in (("one", 5, []), ("two", 15, ["\x1b[31mE", f"File {own}/x.py"])):
        metadata = {"nbgrader": {"grade": True, "points": points, "grade_id": name}}
        errors = [v4.new_output("error", ename="E", evalue="", traceback=lines)] if lines else []
        cells.append(v4.new_code_cell(name, metadata=metadata, outputs=errors))
    nbformat.write(v4.new_notebook(cells=cells), file)
    assert nbgrader.verdict() == Verdict(5, 20, ("E\nFile x.py",))


def test_the_kit_keeps_only_the_checks_that_its_peers_have(tmp_path):
    assignment = load(ROOT)
    kit = KitSame(tmp_path / "same", Path(sys.executable), assignment)
    files = load(kit.cwd).test_files(QUESTIONS)
    kept = [name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())]
    assert sorted(kept) == sorted(SAME)


def test_the_wrong_file_loses_in_each_question(tmp_path):
    given = submissions(load(ROOT), tmp_path)
    texts = [path.read_text() for path in (given.right, given.wrong, given.replacing)]
    assert len(set(texts)) == 3
    assert texts[2].startswith(texts[1])
    costs = {slip.costs for slip in corpus.slips(load(ROOT)) if slip.id in ("P04", "A10")}
    assert costs == set(QUESTIONS)


def made_up(name):
    cost = Cost(1.25, 0.5, 321.4)
    failed = Verdict(7.5, 40, (f"{name} says so", "and | so"))
    return Row(name, "1.2.3", "a process", cost, Verdict(40, 40, ()), failed, failed)


def test_the_page_has_every_row_and_every_message():
    text = page([made_up("kit"), made_up("peer")], 5, "2.13.0")
    assert (
        "| peer | 1.2.3 | 1.2 | 0.5 | 321 | 40 of 40 | 7.5 of 40 | 7.5 of 40 | a process |" in text
    )
    assert "### peer\n\n```\npeer says so\n```\n\n```\nand | so\n```\n" in text
    assert "medians of 5 rounds" in text


def test_the_printed_table_has_the_same_numbers():
    console = Console(width=140)
    with console.capture() as captured:
        console.print(table([made_up("peer")]))
    row = next(line for line in captured.get().splitlines() if "peer" in line)
    assert re.findall(r"[\d.]+", row) == ["1.2.3", "1.2", "0.5", "321", "40", "40", "7.5", "40",
                                          "7.5", "40"]  # fmt: skip


@pytest.mark.parametrize("pin", PINS)
def test_peers_have_exact_versions_and_those_of_the_page(pin):
    assert len(PINS) == sum(line[0] not in "#\n" for line in REQUIREMENTS.splitlines(keepends=True))
    name, version = pin
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.M))
    assert version == pins.get(name, version), "pip would refuse both"
    graded = {Pytest.package, PrairieLearn.package, Otter.package, Nbgrader.package}
    if name in graded:
        assert f"| {version} |" in PAGE.read_text(encoding="utf-8")


def test_without_the_peers_it_is_said_what_installs_them(tmp_path, capsys):
    with pytest.raises(typer.Exit) as ended:
        main(environment=tmp_path / "nothing")
    assert ended.value.exit_code == 2
    assert "make bench-peers" in capsys.readouterr().out
