"""`python train.py`: it trains, prints, draws, and says what is wrong with its options."""

import shutil
import signal
import subprocess
import sys

import pytest
import torch

from autograder.assignment.digits import read_digits
from autograder.handout import figures
from checks.show import pictures, training
from kit.workbench import PATIENCE, proof


@pytest.fixture
def small_digits(assignment, tmp_path):
    """A folder with the first few hundred digits."""
    root = tmp_path / "few"
    shutil.copytree(
        assignment.student / "data", root, ignore=shutil.ignore_patterns("*-ubyte", "*.md")
    )
    for part, count in (("train", 512), ("t10k", 100)):
        images, labels = read_digits(root, part)
        raw = root / "MNIST" / "raw"
        header = (2051).to_bytes(4, "big") + count.to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + images[:count].numpy().tobytes())
        header = (2049).to_bytes(4, "big") + count.to_bytes(4, "big")
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(header + bytes(labels[:count].tolist()))
    return root


def run(assignment, *options, cwd):
    script = assignment.solution / "train.py"
    return subprocess.run([sys.executable, script, *map(str, options)], cwd=cwd,
                          capture_output=True, text=True, check=False, timeout=PATIENCE)  # fmt: skip


def test_it_trains_and_draws(assignment, small_digits, tmp_path):
    result = run(assignment, "--epochs", 2, "--d", 16, "--n-heads", 2, "--data", small_digits,
                 cwd=tmp_path)  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("epoch  1   loss 2.")
    assert lines[1].startswith("epoch  2   loss ")
    assert "accuracy" in lines[1]
    assert "epoch 1/2" in result.stderr  # the progress bar
    for name in ("curves.png", "predictions.png"):
        picture = (tmp_path / "pictures" / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 5000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epochs", "0"), "argument --epochs: 0 is not above 0"),
        (("--lr", "fast"), "argument --lr: invalid float value: 'fast'"),
        (("--data", "nowhere"), "has neither train-images-idx3-ubyte nor"),
        (("--n-heads", "3"), "32 features do not divide into 3 heads"),
    ],
)
def test_a_wrong_option_is_told(assignment, tmp_path, options, said):
    result = run(assignment, *options, cwd=tmp_path)
    assert result.returncode != 0
    assert said in result.stderr


def start(assignment, *options, cwd):
    script = assignment.solution / "train.py"
    return subprocess.Popen([sys.executable, "-u", script, *map(str, options)], cwd=cwd,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def test_stopped_it_draws_the_epochs_that_are_done(assignment, small_digits, tmp_path):
    with start(assignment, "--epochs", 100_000, "--data", small_digits, cwd=tmp_path) as process:
        printed = process.stdout.readline()
        assert printed.startswith("epoch  1   loss 2.")
        process.send_signal(signal.SIGINT)
        line = process.stdout.readline()
        while line.startswith("epoch "):
            printed, line = printed + line, process.stdout.readline()
        process.send_signal(signal.SIGINT)  # once more, while it draws
        pictures, errors = process.communicate(timeout=PATIENCE)
    epochs = len(printed.splitlines())
    assert line == f"stopped after {epochs} of 100000 epochs\n"
    assert pictures.startswith("pictures: ")
    assert process.returncode == 130
    assert "Traceback" not in errors
    for name in ("curves.png", "predictions.png"):
        assert (tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG")


def test_stopped_in_its_first_epoch_it_draws_nothing(assignment, tmp_path):
    with start(assignment, "--batch-size", 1, cwd=tmp_path) as process:
        shown = ""
        while "epoch 1/10" not in shown:  # the progress bar
            shown += process.stderr.read(1)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=PATIENCE)
    assert printed == "stopped after 0 of 10 epochs\n"
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not (tmp_path / "pictures").exists()


@proof
def test_without_options_it_is_the_run_of_the_handouts_curves(assignment, tmp_path):
    result = run(assignment, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("epoch")]
    told = figures.numbers(assignment)
    assert [int(row[1]) for row in rows] == list(range(1, len(told["losses"]) + 1))
    # of another machine, the last digits: what they change grows from step to step
    assert float(rows[0][3]) == pytest.approx(told["losses"][0], abs=0.1)
    reached = float(rows[-1][5].rstrip("%")) / 100
    assert reached == pytest.approx(told["accuracies"][-1], abs=0.03)


def test_a_wrong_answer_stands_out_and_few_digits_are_enough():
    images = torch.zeros(2, 28, 28)
    axes = training.predictions(images, [4, 8], [4, 0]).axes
    assert [one.get_title() for one in axes[:3]] == ["4", "0, not 8", ""]
    marks = [(len(one.patches), len(one.lines)) for one in axes[:3]]
    assert marks == [(0, 0), (2, 1), (0, 0)]  # a frame, white under black, and a cross
    assert [one.axison for one in axes[:3]] == [True, True, False]


def test_curves_begin_at_zero_and_tell_what_was_reached():
    left, right = training.curves([4.0, 1.0], [0.5, 0.75]).axes
    assert left.get_ylim() == (0, 4.0)
    assert right.get_ylim()[0] == 0
    assert [text.get_text() for text in right.texts] == ["75.0%"]
    assert {one.lines[0].get_marker() for one in (left, right)} == {"o", "s"}  # not by colour alone
    assert left.get_ylabel().endswith("(nats)")
    assert right.get_ylabel().endswith("(%)")


def test_its_pictures_have_the_width_of_the_handouts():
    for picture in (training.curves([1.0], [0.5]), training.predictions([], [], [])):
        assert picture.get_size_inches()[0] == pictures.WIDTH
