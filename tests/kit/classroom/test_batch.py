"""A whole class: each graded once, resumed wherever it was ended, none touched by another."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment.config import load
from autograder.classroom.book import ledger, records
from autograder.classroom.grading import batch as batches
from autograder.classroom.grading.batch import Asked
from autograder.classroom.grading.pace import pace
from autograder.errors import KitError
from autograder.grading import pool
from autograder.grading.pool import Job, Pool
from autograder.grading.report import collect
from kit.classroom.class_of import Graders
from kit.workbench import PATIENCE, ROOT, proof, run, wait_for

STUB = "def patchify(images, n_patches):\n    raise NotImplementedError('TODO q1')\n"
WRONG = (
    "def patchify(images, n_patches):\n    return images.reshape(len(images), n_patches**2, -1)\n"
)
CRASH = "import os\n\n\ndef patchify(images, n_patches):\n    os.abort()\n"
HANG = "import time\n\n\ndef patchify(images, n_patches):\n    time.sleep(10**6)\n"
MEMORY = "def patchify(images, n_patches):\n    return [bytes(1 << 28) for _ in range(1 << 10)]\n"
root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="a full disk needs root on Linux to be made",
)


def handed_in(folder, **texts):
    for name, text in texts.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "vit.py").write_text(text)
    return folder


def right(number=0):
    return (ROOT / "solution" / "vit.py").read_text() + f"\n# {number}\n"


def table(out):
    with (out / "grades.csv").open(newline="") as file:
        return {line["submission"]: line for line in csv.DictReader(file)}


def but_seconds(out):
    return [{**line, "seconds": ""} for line in table(out).values()]


class Counting(Graders):
    """Graders that grade nothing: every question is our fault, or as it is told."""

    def __init__(self, assignment, spoil=lambda number: None):
        super().__init__(self.spoiled)
        self.assignment, self.spoil = assignment, spoil

    def spoiled(self, job):
        self.spoil(len(self.jobs))
        return self.report(job)

    def report(self, job):
        report = collect(self.assignment, job.questions, [], job.seed)
        known = pool.reports.refuse(self.assignment, job.questions, job.seed, "")
        return known if job.submission.files else report


@pytest.fixture
def graded(assignment, tmp_path):
    """graded(folder) runs a batch in which nothing is really graded; returns graders and outcome."""

    def go(folder, out="out", kit=assignment, seed=None, earlier=None, spoil=lambda number: None,
           on_step=lambda *_: None, **more):  # fmt: skip
        graders = Counting(kit, spoil)
        asked = Asked(("q1", "q2"), seed, earlier, **more)
        done = batches.run(kit, folder, tmp_path / out, asked, graders, on_step)
        return graders, done

    return go


def test_a_class_gets_a_row_and_a_folder_for_each(tmp_path, copied):
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("seconds_per_test: 20 ", "seconds_per_test: 5 "))
    folder = handed_in(tmp_path / "in", anna=right(), ben=STUB, cleo=CRASH, dan=HANG, eve=MEMORY)
    (folder / "=cmd|calc.py").write_text(right(1))
    (folder / "nothing").mkdir()
    (folder / "broken.zip").write_bytes(b"PK\x03\x04")
    (folder / "notes.txt").write_text("")
    told = run("batch", folder, "--out", tmp_path / "out", "--only", "q1", "-j", 2, cwd=copied.root)
    assert told.returncode == 0, told.stderr
    assert "8 submissions: 6 graded, 2 not readable." in told.stdout
    assert "Left out, as no submissions: notes.txt." in told.stdout
    rows = table(tmp_path / "out")
    scores = {name: float(row["score"]) for name, row in rows.items()}
    assert scores == {"anna": 15, "ben": 0, "cleo": 0, "dan": 0, "eve": 0, "'=cmd|calc.py": 15,
                      "nothing": 0, "broken.zip": 0}  # fmt: skip
    header = (tmp_path / "out/grades.csv").read_text().splitlines()[0]
    assert header == "submission,student,score,max_score,q1,q2,q3,q4,q5,q6,q7,status,seconds"
    assert {row["max_score"] for row in rows.values()} == {"15"}
    for row in ledger.read(tmp_path / "out").rows:
        own = tmp_path / "out" / "submissions" / row.folder
        result = json.loads((own / "results.json").read_text())
        assert result["score"] == row.score
        assert row.student in (own / "feedback.txt").read_text()
    assert "ran too long" in (tmp_path / "out/submissions/dan/feedback.txt").read_text()
    assert "Traceback" not in told.stderr


@proof  # five runs of the command, one after the other
def test_killed_and_given_again_it_goes_on_and_ends_as_if_never_ended(tmp_path):
    folder = handed_in(tmp_path / "in", **{f"s{n}": right(n) for n in range(6)}, w=WRONG, t=STUB)
    command = [
        sys.executable,
        "-m",
        "autograder",
        "batch",
        folder,
        "--only",
        "q1",
        "-j",
        "1",
        "--out",
    ]
    killed = subprocess.Popen([*command, tmp_path / "killed"], cwd=ROOT, stderr=subprocess.DEVNULL)
    wait_for(lambda: kept_in(tmp_path / "killed") >= 2)
    killed.kill()
    killed.wait()
    kept = kept_in(tmp_path / "killed")
    assert 2 <= kept < 8
    assert not (tmp_path / "killed/grades.csv").exists()
    with pytest.raises(KitError, match="not graded to its end"):
        ledger.read_finished(tmp_path / "killed")

    interrupted = subprocess.Popen(
        [*command, tmp_path / "killed"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: kept_in(tmp_path / "killed") > kept)
    interrupted.send_signal(signal.SIGINT)
    _, said = interrupted.communicate(timeout=PATIENCE)
    assert interrupted.returncode == 130, said
    assert "the same command goes on from there" in said
    assert "Traceback" not in said

    kept = kept_in(tmp_path / "killed")
    told = list((tmp_path / "killed/submissions").glob("*/feedback.txt"))
    assert len(told) >= kept - 1  # the last one may have been interrupted before it was written
    assert all("Cut images into patches" in path.read_text() for path in told)
    resumed = run("batch", folder, "--out", tmp_path / "killed", "--only", "q1", "-j", 2)
    assert f"{8 - kept} graded now, {kept} taken from earlier runs." in resumed.stdout
    once = (tmp_path / "killed/grades.csv").read_bytes()
    again = run("batch", folder, "--out", tmp_path / "killed", "--only", "q1")
    assert "0 graded now, 8 taken from earlier runs." in again.stdout
    assert (tmp_path / "killed/grades.csv").read_bytes() == once
    seed = ledger.read(tmp_path / "killed").seed
    whole = run(
        "batch", folder, "--out", tmp_path / "whole", "--only", "q1", "-j", 2, "--seed", seed
    )
    assert "8 graded now" in whole.stdout
    assert but_seconds(tmp_path / "whole") == but_seconds(tmp_path / "killed")


def kept_in(out):
    return len(list(out.glob(".graded/*/*.record")))


def test_interrupted_and_given_again_it_goes_on_where_it_was(tmp_path, graded):
    folder = handed_in(tmp_path / "in", **{f"s{n}": right(n) for n in range(6)})

    def interrupt(number):
        if number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(folder, spoil=interrupt)
    assert not (tmp_path / "out/grades.csv").exists()
    kept = kept_in(tmp_path / "out")
    assert kept == 3
    graders, done = graded(folder)
    assert len(graders.jobs) == done.graded == 6 - kept
    graded(folder, out="whole", seed=done.batch.seed)
    assert but_seconds(tmp_path / "out") == but_seconds(tmp_path / "whole")


def test_only_what_changed_is_graded_anew(tmp_path, graded, copied):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2), cleo=right(3))
    first, _ = graded(folder, kit=load(copied.root))
    assert len(first.jobs) == 3
    (folder / "ben" / "vit.py").write_text(right(4))
    second, done = graded(folder, kit=load(copied.root))
    assert len(second.jobs) == 1
    assert (done.graded, done.kept) == (1, 2)
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("points: 25", "points: 20"))
    third, after = graded(folder, kit=load(copied.root))
    assert third.jobs == []  # points are counted anew
    assert (
        after.batch.seed == done.batch.seed
    )  # the same inputs: what changes, the suite has changed
    other, _ = graded(folder, kit=load(copied.root), seed=after.batch.seed + 1)
    assert len(other.jobs) == 3


# --- the class's seed ----------------------------------------------------------------------------


def drawing(monkeypatch, *numbers):
    """Let seeds be drawn in this order; return those that are left."""
    left = list(numbers)
    monkeypatch.setattr(batches.secrets, "randbelow", lambda most: left.pop(0))
    return left


def test_a_seed_is_drawn_for_each_folder_and_kept_there(tmp_path, graded, monkeypatch):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2))
    left = drawing(monkeypatch, 41, 42)
    graders, done = graded(folder)
    assert done.batch.seed == ledger.read(tmp_path / "out").seed == 41
    assert {job.seed for job in graders.jobs} == {41}
    graders, done = graded(folder)
    assert (len(graders.jobs), done.batch.seed) == (0, 41)
    assert graded(folder, out="other")[1].batch.seed == 42
    assert left == []
    assert graded(folder, out="third", seed=7)[1].batch.seed == 7
    assert graded(folder, out="third")[1].batch.seed == 7
    assert graded(folder, seed=7)[1].batch.seed == 7
    assert graded(folder)[1].batch.seed == 7  # what was asked for last


def test_an_interrupted_run_goes_on_with_its_seed(tmp_path, graded, monkeypatch):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2))
    drawing(monkeypatch, 41)

    def interrupt(number):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(folder, spoil=interrupt)
    assert graded(folder)[1].batch.seed == 41


def test_a_class_to_compare_with_gives_its_seed(tmp_path, graded, monkeypatch):
    folder = handed_in(tmp_path / "in", anna=right(1))
    drawing(monkeypatch, 41)
    _, earlier = graded(folder)
    assert graded(folder, out="new", earlier=earlier.batch)[1].batch.seed == 41


def test_where_the_folders_own_file_is_lost_its_records_tell_the_seed(
    tmp_path, graded, monkeypatch
):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2))
    drawing(monkeypatch, 41)
    graded(folder)
    (tmp_path / "out" / "batch.json").unlink()
    records = sorted((tmp_path / "out").glob(".graded/*/*.record"))
    records[0].write_bytes(b"damaged")
    graders, done = graded(folder)
    assert (len(graders.jobs), done.batch.seed) == (1, 41)


# --- what is graded once -------------------------------------------------------------------------


def test_how_fast_it_goes_and_how_long_it_will_take_is_told(tmp_path, graded, monkeypatch):
    copies = {f"c{n}": right() for n in range(3)}
    folder = handed_in(tmp_path / "in", **copies, **{f"s{n}": right(n + 1) for n in range(9)})
    (folder / "a").mkdir()  # not readable, which takes no time
    now = [0.0]
    monkeypatch.setattr(batches.time, "monotonic", lambda: now[0])

    def spoil(number):
        now[0] += 15

    told = []
    graded(folder, spoil=spoil, on_step=lambda *step: told.append(step))
    assert told[0] == (1, 13, "grading")
    assert told[1] == (2, 13, "1 graded, 4 a minute, about 3 minutes left")
    assert told[3] == (4, 13, "1 graded, 4 a minute, less than a minute left")
    assert told[-2] == (12, 13, "9 graded, 4 a minute, less than a minute left")
    assert told[-1] == (13, 13, "10 graded, 4 a minute")


@pytest.mark.parametrize(
    ("so_far", "said"),
    [
        ((12, 12, 120, 18), "12 graded, 40 a minute, about 3 minutes left"),
        ((12, 24, 120, 18), "12 graded, 40 a minute, about 2 minutes left"),
        ((1, 1, 1, 61), "1 graded, 1 a minute, about 1 minute left"),
        ((2, 2, 100, 600), "2 graded, 0.2 a minute, about 8.5 hours left"),
        ((1, 1, 5, 0), "grading"),
    ],
)
def test_the_pace_is_told_in_words(so_far, said):
    assert pace(*so_far) == said


def test_the_same_content_is_graded_once(tmp_path, graded):
    copies = {f"s{n:03}": right() for n in range(20)}
    graders, done = graded(handed_in(tmp_path / "in", **copies))
    assert (len(graders.jobs), done.graded, done.kept) == (1, 1, 0)
    assert [row.score for row in done.batch.rows] == [0] * 20


def test_what_to_look_at_is_listed_beside_the_report(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(), ben=right(), cleo=right(1), dan=STUB)
    (folder / "eve").mkdir()
    graded(folder)
    with (tmp_path / "out/look_at.csv").open(newline="") as file:
        reasons = [(line["reason"], line["submissions"]) for line in csv.DictReader(file)]
    assert ("The same files", "anna, ben") in reasons
    assert any(reason == "Not readable" and "eve" in names for reason, names in reasons)
    assert not any("cleo" in names for reason, names in reasons if reason == "The same files")
    assert "The same files" in (tmp_path / "out/report.html").read_text()
    shutil.rmtree(folder / "ben")
    graded(folder)
    assert "The same files" not in (tmp_path / "out/look_at.csv").read_text()


def test_files_that_are_nearly_the_same_are_listed_where_that_is_asked_for(tmp_path, graded):
    pytest.importorskip("copydetect", reason="the extra [similarity] is not installed")
    renamed = right().replace("self.", "self.own_")
    folder = handed_in(tmp_path / "in", anna=right(), ben=renamed, cleo=right(1), dan=right())
    listed = tmp_path / "out/look_at.csv"
    graded(folder)
    assert "Nearly" not in listed.read_text()
    graded(folder, similar=True)
    lines = [line for line in listed.read_text().splitlines() if line.startswith("Nearly")]
    assert any('"anna, cleo",the same but for comments' in line for line in lines)
    assert any('"anna, ben"' in line and "% of one is in the other" in line for line in lines)
    assert not any('"anna, dan"' in line for line in lines)  # these are the same, and told as such


def test_the_report_tells_sections_where_they_are_known(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(), ben=right(1))
    graded(folder, sections={frozenset({"anna"}): "Monday"})
    text = (tmp_path / "out/report.html").read_text()
    assert "<bdi>Monday</bdi>" in text
    assert "<bdi>in no section</bdi>" in text
    graded(folder)
    assert "in no section" not in (tmp_path / "out/report.html").read_text()


def test_a_fall_is_told_against_the_run_before(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(), ben=STUB)
    graded(folder)
    before = json.loads((tmp_path / "out/batch.json").read_text())
    before["rows"][0]["score"] = 30.0
    (tmp_path / "out/batch.json").write_text(json.dumps(before))
    graded(folder)
    assert 'anna,"30 -> 0 points' in (tmp_path / "out/look_at.csv").read_text()


@proof  # four thousand pages are written
def test_of_two_thousand_files_five_hundred_are_the_same(tmp_path, graded):
    folder = handed_in(tmp_path / "in", **{f"s{n}": right(max(n, 500)) for n in range(1, 2001)})
    graders, done = graded(folder)
    assert len(graders.jobs) == 1501
    assert len(done.batch.rows) == 2000
    listed = (tmp_path / "out/look_at.csv").read_text().splitlines()
    (same,) = [line for line in listed if line.startswith("The same files")]
    assert same.count(", s") == 499
    again, kept = graded(folder)
    assert (len(again.jobs), kept.graded) == (0, 0)


def test_a_thousand_empty_submissions_are_told_to_be_empty(tmp_path, graded):
    for number in range(1000):
        (tmp_path / "in" / f"s{number:04}").mkdir(parents=True)
    graders, done = graded(tmp_path / "in")
    assert graders.jobs == []
    assert {row.status.value for row in done.batch.rows} == {"not readable"}
    assert len(table(tmp_path / "out")) == 1000


def test_of_two_submissions_both_are_listed_and_one_counts(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(1))
    (folder / "anna.py").write_text(right(2))
    os.utime(folder / "anna" / "vit.py", (1e9, 1e9))
    graders, _ = graded(folder)
    assert len(graders.jobs) == 2
    assert [row["status"] for row in table(tmp_path / "out").values()] == ["superseded", "graded"]
    assert "counts, not this one" in (tmp_path / "out/submissions/anna/feedback.txt").read_text()


def test_who_left_the_class_leaves_the_output(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2))
    graded(folder)
    shutil.rmtree(folder / "ben")
    graded(folder)
    assert list(table(tmp_path / "out")) == ["anna"]
    for made in ("submissions/ben", "details/ben.html", "sources/ben"):
        assert not (tmp_path / "out" / made).exists()
    assert (tmp_path / "out/details/anna.html").exists()


def test_an_output_beside_the_submissions_stays_an_output(tmp_path, graded):
    handed_in(tmp_path / "in", anna=right(1), ben=right(2))
    for out in ("in/old", "in/old", "in/new"):
        _, done = graded(tmp_path / "in", out=out)
        assert [row.submission for row in done.batch.rows] == ["anna", "ben"]
    assert done.left_out == ("old",)


def test_a_damaged_record_is_graded_anew(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(1))
    graded(folder)
    path = next((tmp_path / "out").glob(".graded/*/*.record"))
    path.write_bytes(path.read_bytes()[:100])
    graders, _ = graded(folder)
    assert len(graders.jobs) == 1


def test_a_suite_that_changes_half_way_ends_the_run(tmp_path, graded, copied):
    folder = handed_in(tmp_path / "in", **{f"s{n}": right(n) for n in range(4)})

    def spoil(number):
        if number == 3:
            path = copied.tests / "hidden" / "test_q1_patchify.py"
            path.write_text(path.read_text() + "\n")

    with pytest.raises(KitError, match="the suite has changed while the class was graded"):
        graded(folder, kit=load(copied.root), spoil=spoil)
    assert not (tmp_path / "out/grades.csv").exists()
    graders, _ = graded(folder, kit=load(copied.root))
    kept, anew = ("q1",), ("q1", "q2")  # q2 of the two that had come is as it was
    assert sorted(tuple(job.questions) for job in graders.jobs) == [kept, kept, anew, anew]


def test_a_mark_sheet_saved_after_it_was_read_ends_the_run(tmp_path, graded, copied):
    folder = handed_in(tmp_path / "in", anna=right(1))
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("points: 25", "points: 20"))
    with pytest.raises(KitError, match="the suite has changed"):
        graded(folder, kit=copied)
    assert not (tmp_path / "out").exists()


def test_a_suite_that_changes_while_the_class_is_found_ends_the_run(
    tmp_path, graded, copied, monkeypatch
):
    folder = handed_in(tmp_path / "in", anna=right(1))
    find = batches.find

    def slow(*arguments):
        with (copied.solution / "digits.py").open("a") as file:
            file.write("# changed\n")
        return find(*arguments)

    monkeypatch.setattr(batches, "find", slow)
    with pytest.raises(KitError, match="the suite has changed"):
        graded(folder, kit=copied)


def test_what_another_suite_has_graded_is_not_kept(tmp_path, graded, monkeypatch):
    folder = handed_in(tmp_path / "in", anna=right(1))
    report = Counting.report

    def foreign(self, job):
        return replace(report(self, job), facts={"suite": "0123456789abcdef"})

    monkeypatch.setattr(Counting, "report", foreign)
    with pytest.raises(KitError, match="the suite has changed"):
        graded(folder)


def test_an_output_of_something_else_is_refused(tmp_path, graded, copied):
    folder = handed_in(tmp_path / "in", anna=right(1))
    graded(folder)
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("from scratch\n", "of clay\n", 1))
    with pytest.raises(
        KitError, match="it holds another assignment, 'A Vision Transformer from sc"
    ):
        graded(folder, kit=load(copied.root))
    with pytest.raises(KitError, match="it holds other things than a class's grades"):
        graded(folder, out="in")
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == ["anna"]
    (tmp_path / "file").write_text("")
    with pytest.raises(KitError, match="cannot be used"):
        graded(folder, out="file")


def test_two_runs_at_a_time_into_one_output_are_refused(tmp_path, graded):
    folder = handed_in(tmp_path / "in", anna=right(1))
    (tmp_path / "out").mkdir()
    with (tmp_path / "out/.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(KitError, match="another `autograder batch` is writing into it"):
            graded(folder)
    graded(folder)


@root
def test_a_full_disk_is_told_and_loses_nothing(tmp_path, graded):
    folder = handed_in(tmp_path / "in", **{f"s{n}": right(n) for n in range(12)})
    (tmp_path / "disk").mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", tmp_path / "disk"], check=True
    )
    try:
        with pytest.raises(KitError, match="No space left on device") as raised:
            graded(folder, out="disk/out")
        assert "give the same command again" in str(raised.value)
        kept = kept_in(tmp_path / "disk/out")
        assert 0 < kept < 12
        subprocess.run(["mount", "-o", "remount,size=9m", tmp_path / "disk"], check=True)
        graders, done = graded(folder, out="disk/out")
        assert len(done.batch.rows) == 12
        assert len(graders.jobs) == 12 - kept
    finally:
        subprocess.run(["umount", "--lazy", tmp_path / "disk"], check=True)


def test_what_fails_on_our_side_costs_one_submission_and_is_tried_again(
    tmp_path, graded, monkeypatch
):
    folder = handed_in(tmp_path / "in", anna=right(1), ben=right(2), cleo=right(3))
    read = batches.read

    def failing(path, *rest):
        if path.name == "ben":
            raise RecursionError("of a submission that nobody has thought of")
        return read(path, *rest)

    monkeypatch.setattr(batches, "read", failing)
    _, done = graded(folder)
    assert [row.status.value for row in done.batch.rows] == ["graded", "our fault", "graded"]
    assert "RecursionError" in (tmp_path / "out/details/ben.html").read_text()
    feedback = (tmp_path / "out/submissions/ben/feedback.txt").read_text()
    assert "RecursionError" not in feedback
    assert "our fault" in feedback
    monkeypatch.setattr(batches, "read", read)
    graders, done = graded(folder)
    assert len(graders.jobs) == 1
    assert [row.status.value for row in done.batch.rows] == ["graded"] * 3


def test_students_read_nothing_that_is_kept_back(autograder, tmp_path, copied):
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("show: score_only", "show: hidden", 1))
    even_only = right().replace("column = torch.arange(d)", "column = torch.arange(d - d % 2)")
    folder = handed_in(tmp_path / "in", ben=even_only + WRONG)
    only = ("--only", "q1,q2")
    told = autograder("batch", folder, "--out", tmp_path / "out", *only, cwd=copied.root)
    assert told.returncode == 0, told.stderr
    out = tmp_path / "out"
    hidden = [row for row in json.loads((out / "submissions/ben/results.json").read_text())["tests"]
              if row["number"].startswith("1.") and row["visibility"] == "hidden"]  # fmt: skip
    assert hidden
    for name in ("submissions/ben/feedback.txt", "submissions/ben/feedback.html"):
        text = (out / name).read_text()
        assert "Patches run left to right" in text
        assert "This is a hidden check: its title says" in text  # q2 still shows titles
        for row in hidden:
            title = row["name"].split("  ")[1]
            assert title == "not reached" or title not in text
    assert "Height and width may differ." in (out / "details/ben.html").read_text()


# --- the pool ------------------------------------------------------------------------------------


def test_a_process_that_ends_costs_nobody_else_a_mark(assignment, monkeypatch):
    jobs = [Job(f"j{n}", assignment.solution, ("q1",), 1) for n in range(4)]
    ended = []
    with Pool(assignment, 2) as graders:
        found = {}
        for job, report in graders.grade(jobs):
            found[job.name] = report
            if not ended:
                ended.append(graders._pids.get())
                os.kill(ended[0], signal.SIGKILL)
    assert sorted(found) == ["j0", "j1", "j2", "j3"]
    assert [report.points for report in found.values()] == [15] * 4


def test_what_ends_its_process_twice_is_our_fault(assignment):
    jobs = [Job("right", assignment.solution, ("q1",), 1), Job("deadly", None, ("q1",), 1)]
    with Pool(assignment, 1) as graders:
        found = {job.name: report for job, report in graders.grade(map(deadly, jobs))}
    assert found["right"].points == 15
    assert found["deadly"].our_fault
    assert pool.ENDED in found["deadly"].details


class Deadly:
    """Ends the process that it is unpacked in."""

    def __reduce__(self):
        return os._exit, (9,)


def deadly(job):
    return job if job.submission else replace(job, submission=Deadly())


def test_an_error_of_the_kit_crosses_processes_whole():
    import pickle

    error = pickle.loads(pickle.dumps(KitError("where", "what", "remedy")))
    assert (error.where, error.what, error.remedy) == ("where", "what", "remedy")


def test_processes_end_with_the_one_that_they_serve(tmp_path):
    script = tmp_path / "serve.py"
    script.write_text(
        "from pathlib import Path\nfrom autograder.assignment.config import load\n"
        "from autograder.grading.pool import Job, Pool\n\n"
        "if __name__ == '__main__':\n"
        f"    kit = load(Path({str(ROOT)!r}))\n"
        "    with Pool(kit, 1) as pool:\n"
        "        jobs = (Job(str(n), kit.solution, ('q1', 'q2', 'q3')) for n in range(99))\n"
        "        for _ in pool.grade(jobs):\n"
        "            print(pool._pids.get() if not pool._pids.empty() else '', flush=True)\n"
    )
    serving = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"TMPDIR": str(tmp_path)})  # fmt: skip
    pid = int(serving.stdout.readline())
    serving.kill()
    serving.communicate()
    wait_for(lambda: not alive(pid))
    wait_for(lambda: not list(tmp_path.glob("submission-*")))


def alive(pid):
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


# --- records -------------------------------------------------------------------------------------


def test_a_record_gives_back_the_whole_report(grader, tmp_path):
    report = grader.grade(handed_in(tmp_path / "in", ben=WRONG) / "ben", ["q1", "q2"], 3)
    question = report.questions[0]
    outcomes = tuple(replace(o, error=float("inf"), details="x") for o in question.outcomes)
    questions = (replace(question, outcomes=outcomes), *report.questions[1:])
    report = replace(report, questions=questions, accuracy=0.5, facts=dict(report.facts))
    assert records.report_of(records.as_bytes(report)) == report
