"""setup.sh on the systems that Gradescope offers, with doubles of what only those systems have."""

import os
import zipfile
from pathlib import Path

import pytest

from autograder.platforms.artefacts import gradescope
from kit.platforms import as_gradescope
from kit.platforms.container import Container

pytestmark = pytest.mark.skipif(
    not as_gradescope.CAN_IMITATE, reason=as_gradescope.REASON
)  # it writes to /autograder

# Ubuntu's python3: without ensurepip until python3-venv is there, and from 23.04 on not for pip.
PYTHON = """\
#!/bin/bash
echo "python3 $*" >> "$NOTES/called"
case "$*" in
  *ensurepip*) grep -qs "python3-venv" "$NOTES/installed" ;;
  *version_info*) [ "${UBUNTU_PYTHON#3.}" -ge 10 ] ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$NOTES/venv-python" "$3/bin/python" ;;
  *) echo "error: externally-managed-environment" >&2; exit 1 ;;
esac
"""
VENV_PYTHON = """\
#!/bin/bash
echo "venv $*" >> "$NOTES/called"
case "$*" in
  *sysconfig*) mkdir -p /autograder/venv/lib && echo /autograder/venv/lib ;;
  "-m pip install"*) [ ! -e "$NOTES/no-index" ] || { echo "ERROR: no such index" >&2; exit 1; } ;;
esac
"""
APT = """\
#!/bin/bash
echo "apt-get $*" >> "$NOTES/called"
[ ! -e "$NOTES/no-mirror" ] || { echo "E: cannot reach the mirror" >&2; exit 100; }
[ "$1" != install ] || echo "$*" >> "$NOTES/installed"
"""
UBUNTU = {"22.04": "3.10", "24.04": "3.12"}


@pytest.fixture
def archive(assignment, tmp_path):
    """Gradescope's zip, without the kit: setup.sh only says where it lies."""
    path = tmp_path / "gradescope.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for name, file in gradescope.files(assignment).items():
            if "/" not in str(name):
                info = zipfile.ZipInfo(str(name))
                info.external_attr = 0o755 << 16
                opened.writestr(info, file.content)
    return path


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Where the doubles note what they were called with; they come first on the path."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "venv-python").write_text(VENV_PYTHON)
    (notes / "venv-python").chmod(0o755)
    for name, text in (("python3", PYTHON), ("apt-get", APT)):
        double = tmp_path / "doubles" / name
        double.parent.mkdir(exist_ok=True)
        double.write_text(text)
        double.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'doubles'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NOTES", str(notes))
    return notes


def called(notes: Path, what: str) -> list[str]:
    lines = (notes / "called").read_text().splitlines()
    return [line for line in lines if line.startswith(what)]


@pytest.mark.parametrize("release", UBUNTU)
@pytest.mark.parametrize("there", [False, True])
def test_setup_needs_two_packages_and_leaves_the_systems_python_alone(
    archive, notes, monkeypatch, release, there
):
    monkeypatch.setenv("UBUNTU_PYTHON", UBUNTU[release])
    if there:
        (notes / "installed").write_text("python3-venv\n")
    with Container(archive) as container:
        made = container.set_up()
        assert made["status"] == 0, made["said"]
        installed = [line.split() for line in called(notes, "apt-get install")]
        assert [[w for w in line if w.startswith("python")] for line in installed] == (
            [] if there else [["python3", "python3-venv"]]
        )
        [torch, rest] = called(notes, "venv -m pip")
        assert "--no-deps --index-url https://download.pytorch.org/whl/cpu torch==" in torch
        assert "-r /autograder/source/requirements.txt" in rest
        assert "-c /autograder/source/requirements.lock" in rest
        assert not [
            line for line in called(notes, "python3") if "pip" in line.replace("ensurepip", "")
        ]
        again = container.set_up()
        assert again["said"] == "setup.sh: everything is installed already\n"


def test_an_older_ubuntu_is_told(archive, notes, monkeypatch):
    monkeypatch.setenv("UBUNTU_PYTHON", "3.8")
    with Container(archive) as container:
        made = container.set_up()
    assert made["status"] != 0
    last = made["said"].splitlines()[-1]
    assert "failed: python3 -c" in last
    assert "Python 3.10 or later is needed" in last


@pytest.mark.parametrize(
    ("missing", "line"), [("no-mirror", "apt-get update"), ("no-index", '"${pip[@]}"')]
)
def test_what_failed_is_the_last_line_and_the_next_run_begins_anew(
    archive, notes, monkeypatch, missing, line
):
    monkeypatch.setenv("UBUNTU_PYTHON", "3.12")
    (notes / missing).touch()
    with Container(archive) as container:
        made = container.set_up()
        assert made["status"] != 0
        assert f"failed: {line}" in made["said"].splitlines()[-1]
        (notes / missing).unlink()
        assert container.set_up()["status"] == 0
