"""Grade as GitHub Classroom does: the workflow's own steps, in a fresh folder for every push.

What is not here: GitHub. `gh`, which downloads the grader, is a stand-in; so are the two actions (the
checkout is a copy, Python is there). Packages are not installed anew for each push, but taken from
where this test runs, unless a test asks for install.sh. The rest is bash, run as the workflow says.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from autograder.assignment.points import total_of
from kit.platforms.five import Points
from kit.platforms.unprivileged import CAN, USER, unprivileged
from kit.workbench import PATIENCE

TOKEN = "github_pat_of_the_teacher"
# What `gh release download` does here: it hands out the file to whoever has the token.
GH = """#!/bin/bash
[ "$GH_TOKEN" = {token} ] || {{ echo "HTTP 401: Bad credentials" >&2; exit 1; }}
[ "$*" = "release download --repo course/grader --pattern grader.zip --dir $RUNNER_TEMP" ] || exit 9
cp {grader} "$RUNNER_TEMP"
"""


@dataclass
class Run:
    """What became of a job: how each step ended, what was printed, what GitHub took for commands."""

    outcomes: dict[str, str] = field(default_factory=dict)
    log: str = ""
    logs: dict[str, str] = field(default_factory=dict)  # by step
    commands: list[str] = field(default_factory=list)
    points: Points = field(default_factory=dict)
    summary: str = ""

    @property
    def report(self) -> dict[str, float] | None:
        """The points that Classroom would enter."""
        told = [c for c in self.commands if c.startswith("::notice title=Autograding report::")]
        assert len(told) <= 1
        return json.loads(told[0].split("::", 2)[2]) if told else None


class Repository:
    """The organisation: a student's repository of the template, and a grader that only a token opens."""

    def __init__(self, archive: Path, place: Path) -> None:
        self.place = place
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(place)
        self.temp, self.workspace = place / "temp", place / "workspace"
        programs = place / "programs"
        programs.mkdir()
        gh = programs / "gh"
        gh.write_text(GH.format(token=TOKEN, grader=place / "private" / "grader.zip"))
        gh.chmod(0o755)
        self._path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        workflow = place / "template" / ".github" / "workflows" / "classroom.yml"
        self.workflow = YAML(typ="safe").load(workflow)
        (self.job,) = self.workflow["jobs"].values()

    def push(
        self,
        submission: Path | None = None,
        secrets: Mapping[str, str] | None = None,
        skip: tuple[str, ...] = (),
        install: bool = False,
        meanwhile: Callable[[str, Path], None] = lambda step, temp: None,
    ) -> Run:
        """Run the job for a push of these files, put over the template; None: all of it deleted.

        skip       steps that are left out, by the beginning of their name
        install    run install.sh, which fetches packages
        meanwhile  is called before every step
        """
        for folder in (self.temp, self.workspace):
            shutil.rmtree(folder, ignore_errors=True)
        self.temp.mkdir()
        if submission is None:
            self.workspace.mkdir()
        else:
            shutil.copytree(self.place / "template", self.workspace)
            shutil.copytree(submission, self.workspace, dirs_exist_ok=True)
        run = Run()
        steps: dict[str, dict[str, Any]] = {}
        for step in self.job["steps"]:
            if "run" not in step or step["name"].startswith(skip or ("\0",)):
                continue
            name, number = step["name"], step.get("id", "")
            meanwhile(name, self.temp)
            if not _wanted(step.get("if", ""), steps, run):
                run.outcomes[name] = "skipped"
            elif name == "Install the grader" and not install:
                _take_packages_from_here(self.temp / "grader")
                run.outcomes[name] = "success"
            else:
                self._step(step, secrets or {}, run)
            steps[number] = {"outcome": run.outcomes[name], "outputs": _pairs(self.temp / "output")}
        run.points = _points(self.temp / "results")
        with contextlib.suppress(FileNotFoundError):
            run.summary = (self.temp / "summary").read_text()
        return run

    def _step(self, step: Any, secrets: Mapping[str, str], run: Run) -> None:
        known = {
            "${{ secrets.GRADER_TOKEN }}": secrets.get("GRADER_TOKEN", ""),
            "${{ github.repository_owner }}/grader": "course/grader",
        }
        environment = {
            "PATH": self._path, "HOME": str(self.place), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1",
            "RUNNER_TEMP": str(self.temp), "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"), "GITHUB_ACTIONS": "true", "CI": "true",
        } | {name: known[value] for name, value in step.get("env", {}).items()}  # fmt: skip
        if "PIP_INDEX_URL" in os.environ:
            environment["PIP_INDEX_URL"] = os.environ["PIP_INDEX_URL"]
        if CAN:
            subprocess.run(["chown", "-R", f"{USER}:{USER}", self.place], check=True)
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        told = subprocess.run(
            unprivileged(*shell), cwd=self.workspace, env=environment, timeout=PATIENCE,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        run.logs[step["name"]] = told.stdout + told.stderr
        run.log += told.stdout + told.stderr
        run.commands += _commands(told.stdout)
        run.outcomes[step["name"]] = "failure" if told.returncode else "success"


def _wanted(condition: str, steps: Mapping[str, Any], run: Run) -> bool:
    """Judge what the workflow's conditions say; one that is not of these kinds is refused."""
    text = condition.removeprefix("${{").removesuffix("}}").strip()
    if not text.startswith("!cancelled()") and "failure" in run.outcomes.values():
        return False
    for part in text.split(" && ") if text else []:
        if part == "!cancelled()":
            continue
        found = re.fullmatch(r"steps\.(\w+)\.(?:outputs\.(\w+)|outcome) == '(\w+)'", part)
        assert found, part
        step = steps.get(found[1], {})
        value = step.get("outputs", {}).get(found[2]) if found[2] else step.get("outcome")
        if value != found[3]:
            return False
    return True


def _commands(printed: str) -> list[str]:
    """Return the lines that GitHub would carry out."""
    found, stopped = [], ""
    for line in map(str.strip, printed.splitlines()):
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith("::") or "##[" in line:
            found.append(line)
    assert not stopped
    return found


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def _points(results: Path) -> Points:
    """Return what the one grading found in each question."""
    try:
        content = json.loads((results / "results.json").read_text())
    except OSError:
        return {}
    return {name: judged["points"] for name, judged in content["extra_data"]["questions"].items()}


def _take_packages_from_here(grader: Path) -> None:
    """Make the environment that install.sh would make, with the kit of the zip."""
    subprocess.run(
        [sys.executable, "-I", "-m", "venv", "--without-pip", grader / "venv"], check=True
    )
    [packages] = (grader / "venv").glob("lib/*/site-packages")
    lines = (grader / "kit", grader / "kit" / "student", sysconfig.get_path("purelib"))
    (packages / "kit.pth").write_text("".join(f"{line}\n" for line in lines))


@contextlib.contextmanager
def organisation(archive: Path) -> Iterator[Repository]:
    """Yield a repository in a folder that a user who is not root can reach."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Repository(archive, Path(place))


@contextlib.contextmanager
def there(archive: Path, place: Path) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a push with the token in place."""
    with organisation(archive) as repository:

        def grade(submission: Path | None) -> Points:
            run = repository.push(submission, {"GRADER_TOKEN": TOKEN})
            assert run.report is not None, run.log
            assert run.report["totalPoints"] == total_of(run.points.values())
            return run.points

        yield grade
