"""`python train.py`: it trains, prints, draws, and says what is wrong with its options."""

import shutil
import signal
import subprocess
import sys

import pytest

from autograder.assignment.digits import read_digits
from kit.workbench import PATIENCE


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
