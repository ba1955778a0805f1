"""When a figure counts as worse than at the last release. Nothing is measured here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer
from rich.console import Console

from autograder import __version__
from autograder.errors import KitError
from kit.bench import __main__ as bench
from kit.bench.figures import (
    RELEASED,
    Figure,
    Release,
    Verdict,
    compare,
    read,
    unmeasured,
    until_sure,
    write,
)
from kit.bench.processes import CommandFailed, cost_of
from kit.bench.yardsticks import another_process


def figure(value, name="grading", unit="x import torch", better="lower"):
    return Figure(name=name, value=value, unit=unit, better=better)


def kept(*given):
    return {each.name: each for each in given}


def release(*given):
    return Release(version="0.9", date="2026-01-02", python="3.11", torch="2", figures=given)


def measuring(*values, **settings):
    """Return a measurement that finds these values, run by run, and what it was asked for."""
    runs = []

    def measure():
        runs.append(len(runs))
        return [figure(values[len(runs) - 1], **settings)]

    return measure, runs


@pytest.mark.parametrize(
    ("value", "verdict", "ratio"),
    [(5.0, Verdict.FINE, 0.5), (13.0, Verdict.FINE, 1.3), (13.1, Verdict.UNSURE, 1.31)],
)
def test_a_ratio_above_the_bound_is_worse(value, verdict, ratio):
    [row] = compare([kept(figure(value))], kept(figure(10.0)))
    assert row.verdict is verdict
    assert row.ratio == pytest.approx(ratio)


def test_where_higher_is_better_a_lower_figure_is_worse():
    then = kept(figure(10.0, better="higher"))
    [slow] = compare([kept(figure(5.0, better="higher"))], then)
    [quick] = compare([kept(figure(20.0, better="higher"))], then)
    assert (slow.ratio, slow.verdict) == (2.0, Verdict.UNSURE)
    assert (quick.ratio, quick.verdict) == (0.5, Verdict.FINE)


def test_worse_once_is_measured_again_and_may_be_an_accident():
    measure, runs = measuring(20.0, 11.0)
    [row] = until_sure(measure, kept(figure(10.0)))
    assert (row.verdict, row.ratio, len(runs)) == (Verdict.FINE, 1.1, 2)


def test_worse_in_three_runs_of_three_fails():
    measure, runs = measuring(20.0, 14.0, 16.0)
    [row] = until_sure(measure, kept(figure(10.0)))
    assert (row.verdict, row.ratio, len(runs)) == (Verdict.WORSE, 1.4, 3)


def test_the_best_of_three_is_the_highest_where_that_is_better():
    measure, runs = measuring(4.0, 6.0, 5.0, better="higher")
    [row] = until_sure(measure, kept(figure(10.0, better="higher")))
    assert (row.verdict, row.today.value, len(runs)) == (Verdict.WORSE, 6.0, 3)


def test_what_is_fine_is_measured_once():
    measure, runs = measuring(10.0)
    until_sure(measure, kept(figure(10.0)))
    assert len(runs) == 1


def test_a_figure_that_is_not_kept_is_told_and_is_no_failure():
    measure, runs = measuring(99.0)
    [row] = until_sure(measure, {})
    assert (row.verdict, row.ratio, len(runs)) == (Verdict.NEW, None, 1)


@pytest.mark.parametrize("changed", [{"unit": "s"}, {"better": "higher"}])
def test_figures_in_different_units_are_not_compared(changed):
    [row] = compare([kept(figure(99.0))], kept(figure(1.0, **changed)))
    assert (row.verdict, row.ratio) == (Verdict.OTHERWISE, None)


def test_what_is_kept_and_was_not_measured_is_told():
    [row] = unmeasured([], kept(figure(10.0)))
    assert (row.name, row.today, row.verdict) == ("grading", None, Verdict.UNMEASURED)


def test_figures_come_back_as_they_were_kept(tmp_path):
    given = release(figure(1.5), figure(2.5, name="batch", better="higher"))
    write(given, tmp_path / "bench.json")
    assert read(tmp_path / "bench.json") == given


def test_without_a_file_there_is_no_release(tmp_path):
    assert read(tmp_path / "bench.json") is None


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ("{", "the file: Invalid JSON"),
        ("[]", "the file: "),
        (json.dumps({"version": "1"}), "date: Field required"),
        (release(figure(1.0)).model_dump_json().replace("1.0", '"quick"'), "figures.0.value: "),
        (release(figure(1.0)).model_dump_json().replace("1.0", "0.0"), "greater than 0"),
    ],
)
def test_a_damaged_file_is_told_with_its_place(tmp_path, damaged, said):
    path = tmp_path / "bench.json"
    path.write_text(damaged)
    with pytest.raises(KitError) as told:
        read(path)
    assert str(path) in str(told.value)
    assert said in str(told.value)
    assert "To mend it: " in str(told.value)


def test_a_release_that_was_measured_in_part_keeps_the_rest():
    before = release(figure(1.0, name="a"), figure(2.0, name="b"))
    rows = compare([kept(figure(3.00004, name="b"), figure(4.0, name="c"))], before.by_name)
    after = bench.release(rows, before)
    assert {each.name: each.value for each in after.figures} == {"a": 1.0, "b": 3.0, "c": 4.0}
    assert after.version == __version__


def test_the_table_has_today_the_release_and_the_ratio():
    before = release(figure(10.0), figure(3.0, name="gone"))
    rows = compare([kept(figure(20.0))] * 3, before.by_name)
    console = Console(width=160)
    with console.capture() as captured:
        console.print(bench.table([*rows, *unmeasured(rows, before.by_name)], before))
    lines = captured.get().splitlines()
    [measured] = [line.split("│") for line in lines if "grading" in line]
    [gone] = [line.split("│") for line in lines if "gone" in line]
    assert [cell.strip() for cell in measured[1:-1]] == [
        "grading", "20", "10", "2.00", "x import torch", "worse in three runs of three",
    ]  # fmt: skip
    assert [cell.strip() for cell in gone[1:4]] == ["gone", "", "3"]
    assert any("0.9, 2026-01-02" in line for line in lines)


@pytest.fixture
def one(monkeypatch, tmp_path):
    """Return what sets the only measurement, and writes the figures of the last release."""

    def set_up(measure, *released):
        monkeypatch.setattr(bench, "MEASUREMENTS", {"one": measure})
        path = tmp_path / "bench.json"
        write(release(*released), path)
        return path

    return set_up


def test_the_status_is_1_when_a_figure_is_worse(one):
    def measure():
        """Measure nothing."""
        return [figure(20.0)]

    path = one(measure, figure(10.0))
    with pytest.raises(typer.Exit) as ended:
        bench.main(file=path)
    assert ended.value.exit_code == 1


def test_saved_figures_are_what_the_next_run_compares_with(one, capsys):
    def measure():
        """Measure nothing."""
        return [figure(9.0)]

    path = one(measure, figure(10.0))
    bench.main(save=True, file=path)
    assert [each.value for each in read(path).figures] == [9.0]
    bench.main(only="one", file=path)
    assert "1.00" in capsys.readouterr().out


def test_what_is_measured_before_the_run_ends_is_kept(monkeypatch, tmp_path):
    def first():
        """Measure something."""
        return [figure(9.0)]

    def second():
        """Be interrupted."""
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "MEASUREMENTS", {"first": first, "second": second})
    with pytest.raises(KeyboardInterrupt):
        bench.main(save=True, file=tmp_path / "bench.json")
    assert [each.value for each in read(tmp_path / "bench.json").figures] == [9.0]


def test_a_measurement_that_is_not_known_is_told(capsys):
    with pytest.raises(typer.Exit) as ended:
        bench.main(only="nothing")
    assert ended.value.exit_code == 2
    told = capsys.readouterr().out
    assert "there is no measurement 'nothing'" in told
    assert "scaling" in told


def test_a_command_that_cannot_be_measured_is_told_and_nothing_is_saved(one, tmp_path, capsys):
    def measure():
        """Measure what fails."""
        cost_of([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)

    path = one(measure, figure(10.0))
    before = path.read_bytes()
    with pytest.raises(typer.Exit) as ended:
        bench.main(save=True, file=path)
    assert ended.value.exit_code == 2
    assert "no such thing" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_the_figures_of_this_release_are_kept():
    release = read(RELEASED)
    assert release is not None
    assert len(release.by_name) == len(release.figures)


BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_what_a_grandchild_uses_is_counted(tmp_path):
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    assert cost_of([sys.executable, "-c", starts], tmp_path).cpu_seconds >= 0.3


def test_the_memory_of_children_is_counted_whichever_thread_starts_them(tmp_path):
    holds = "x = bytearray(60 << 20); print('there', flush=True); input()"
    starts = (
        "import subprocess, sys, threading, time\n"
        f"command = [sys.executable, '-c', {holds!r}]\n"
        "def start():\n"
        "    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:\n"
        "        child.stdout.readline()\n"
        "        time.sleep(1)\n"
        "        child.communicate(b'\\n')\n"
        "thread = threading.Thread(target=start)\n"
        "thread.start(); thread.join()\n"
    )
    assert cost_of([sys.executable, "-c", starts], tmp_path, watch=True).peak_mb > 60


def test_whoever_measures_does_not_stay_the_parent_of_orphans(tmp_path):
    cost_of([sys.executable, "-c", ""], tmp_path)
    orphan = (
        "import os, time\n"
        "starter = os.getppid()\n"
        "print(flush=True)\n"
        "while os.getppid() == starter: time.sleep(0.01)\n"
        "print(os.getppid())\n"
    )
    starts = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {orphan!r}])\ninput()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        starter.stdout.readline()  # the orphan to be knows who has started it
        starter.stdin.close()
        assert int(starter.stdout.read()) != os.getpid()


def test_a_command_that_fails_is_told_with_its_words(tmp_path):
    with pytest.raises(CommandFailed, match=r"(?s)status 3.*such and such"):
        cost_of([sys.executable, "-c", "import os, sys; sys.stderr.write('such and such'); "
                 "sys.stderr.flush(); os._exit(3)"], tmp_path)  # fmt: skip


def test_a_message_to_another_process_comes_back():
    with another_process() as round_trip:
        assert [round_trip(message) for message in (b"one", bytes(1 << 20))] == [
            b"one",
            bytes(1 << 20),
        ]
