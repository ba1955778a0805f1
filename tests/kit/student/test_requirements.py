"""What pip picks for a student, shown with two small indexes on disk: PyPI's and PyTorch's."""

import importlib.metadata
import os
import re
import subprocess
import sys
import venv
import zipfile

import pytest
from packaging.requirements import Requirement

from kit.workbench import PATIENCE, ROOT, proof

STUDENT = ROOT / "student"
PYTORCH = "https://download.pytorch.org/whl/cpu"
# torchvision, and the torch that it goes with. Some releases name it exactly, some only the oldest.
PAIRS = {"9.1.0": ("0.91.0", "torch==9.1.0"), "9.2.0": ("0.92.0", "torch==9.2.0")}
LOOSE = {**PAIRS, "9.2.0": ("0.92.0", "torch>=9.2.0")}


def required():
    """Return the lines of requirements.txt, parsed."""
    lines = (STUDENT / "requirements.txt").read_text().splitlines()
    parts = [re.split(r"(?:^|\s)#", line)[0].strip() for line in lines]
    return [Requirement(part) for part in parts if part]


def add_wheel(index, name, version, needs=()):
    """Write an empty package into an index: a folder a project, as pip reads it from a disk."""
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        "METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(f"{stem}.dist-info/{file}", text)
    links = "".join(
        f'<a href="{one.name}">{one.name}</a>\n' for one in sorted(folder.glob("*.whl"))
    )
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")


class Machine:
    """A student's machine without a network: an environment, and pip with the two indexes."""

    def __init__(self, folder, pairs):
        self.pypi, self.pytorch, self.handout = (folder / n for n in ("pypi", "pytorch", "handout"))
        for name in {one.name for one in required()} - {"torch", "torchvision"}:
            add_wheel(self.pypi, name, "1000.0" if name != "numpy" else "1.999")
        add_wheel(self.pypi, "nvidia-cudnn", "9.0")
        for torch, (torchvision, pin) in pairs.items():
            add_wheel(self.pypi, "torch", torch, ["nvidia-cudnn"])
            add_wheel(self.pypi, "torchvision", torchvision, ["numpy", pin])
            add_wheel(self.pytorch, "torch", f"{torch}+cpu")
            add_wheel(self.pytorch, "torchvision", f"{torchvision}+cpu", ["numpy", pin])
        self.handout.mkdir()
        for path in STUDENT.glob("requirements*.txt"):
            text = path.read_text().replace(PYTORCH, self.pytorch.as_uri())
            (self.handout / path.name).write_text(text)
        self.environment = folder / "environment"
        venv.create(self.environment, with_pip=False)

    def pip(self, *arguments):
        """Run pip for the environment, with no index but those on disk and no setting of ours."""
        settings = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--python", self.environment, "--disable-pip-version-check",
             "--no-cache-dir", *arguments],
            env={**settings, "PIP_CONFIG_FILE": os.devnull}, timeout=PATIENCE,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def install(self, *what):
        self.pip("install", "--index-url", self.pypi.as_uri(), *what)
        (packages,) = self.environment.rglob("site-packages")
        found = importlib.metadata.distributions(path=[str(packages)])
        return {one.metadata["Name"]: one.version for one in found}

    def follow(self, name):
        """Do what the handout says: install one of the two files of requirements."""
        return self.install("-r", str(self.handout / name))


@pytest.fixture(params=[PAIRS, pytest.param(LOOSE, marks=proof)], ids=["exact", "oldest"])
def machine(request, tmp_path):
    return Machine(tmp_path, request.param)


def built_without_cuda(installed):
    return installed["torch"].endswith("+cpu") and "nvidia-cudnn" not in installed


def test_the_file_for_cpus_brings_fitting_builds_without_cuda(machine):
    installed = machine.follow("requirements-cpu.txt")
    assert (installed["torch"], installed["torchvision"]) == ("9.2.0+cpu", "0.92.0+cpu")
    assert built_without_cuda(installed)
    assert installed.keys() >= {one.name for one in required()}


def test_the_plain_file_brings_cuda_on_linux(machine):
    """What the other file is for: were this to fail, it would not be needed."""
    installed = machine.follow("requirements.txt")
    assert (installed["torch"], installed["torchvision"]) == ("9.2.0", "0.92.0")
    assert "nvidia-cudnn" in installed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["torch==9.2.0+cpu"], ("9.2.0+cpu", "0.92.0+cpu")),
        (["torch==9.1.0+cpu", "torchvision==0.91.0+cpu"], ("9.1.0+cpu", "0.91.0+cpu")),
        (["torch==9.1.0+cpu"], ("9.2.0+cpu", "0.92.0+cpu")),  # an older one alone: replaced in kind
    ],
    ids=["newest", "older-pair", "older-alone"],
)
def test_a_build_without_cuda_never_gives_way_to_one_with_it(machine, before, after):
    machine.install("--extra-index-url", machine.pytorch.as_uri(), *before)
    installed = machine.follow("requirements-cpu.txt")
    assert (installed["torch"], installed["torchvision"]) == after
    assert built_without_cuda(installed)


def test_the_plain_file_keeps_a_pair_without_cuda_and_the_newest_torch(machine):
    cpu = ["--extra-index-url", machine.pytorch.as_uri()]
    machine.install(*cpu, "torch==9.1.0+cpu", "torchvision==0.91.0+cpu")
    installed = machine.follow("requirements.txt")
    assert (installed["torch"], installed["torchvision"]) == ("9.1.0+cpu", "0.91.0+cpu")
    machine.pip("uninstall", "-y", "torchvision")
    machine.install(*cpu, "torch==9.2.0+cpu")
    installed = machine.follow("requirements.txt")
    assert (installed["torch"], installed["torchvision"]) == ("9.2.0+cpu", "0.92.0")
    assert built_without_cuda(installed)


def test_an_older_torch_alone_is_replaced_by_cuda_with_the_plain_file(machine):
    machine.install("--extra-index-url", machine.pytorch.as_uri(), "torch==9.1.0+cpu")
    assert not built_without_cuda(machine.follow("requirements.txt"))


def test_only_pytorchs_own_index_is_added_and_no_package_stands_twice():
    text = (STUDENT / "requirements-cpu.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == [f"--extra-index-url {PYTORCH}", "-r requirements.txt"]


@pytest.mark.parametrize(
    ("system", "processor", "oldest_torch", "newest_numpy"),
    [("linux", "x86_64", "2.4.1", "2.4.6"), ("win32", "AMD64", "2.4.1", "2.4.6"),
     ("darwin", "arm64", "2.4.1", "2.4.6"), ("darwin", "x86_64", "2.2.0", "1.26.4")],
)  # fmt: skip
def test_torch_and_numpy_work_together_wherever_they_are_installed(
    system, processor, oldest_torch, newest_numpy
):
    """torch before 2.4.1 fails beside NumPy 2 on some systems, and Intel Macs end at 2.2."""
    here = {"sys_platform": system, "platform_machine": processor}
    asked = [one for one in required() if one.marker is None or one.marker.evaluate(here)]

    def allowed(name, version):
        return all(one.specifier.contains(version) for one in asked if one.name == name)

    torch_versions = ["2.1.2", "2.2.0", "2.3.1", "2.4.0", "2.4.1", "2.13.0"]
    assert next(v for v in torch_versions if allowed("torch", v)) == oldest_torch
    numpy_versions = ["2.4.6", "2.0.0", "1.26.4", "1.25.0"]
    assert next(v for v in numpy_versions if allowed("numpy", v)) == newest_numpy
