"""Grade as Autolab's worker, Tango, does: a new folder, `make`, and the last line that was printed.

Its three files are the Makefile, autograde.tar and what was handed in. As root on Linux, `make` runs
as an ordinary user with the limits that Tango sets; elsewhere as whoever runs the tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from kit.platforms import any_user
from kit.platforms.as_gradescope import CAN_IMITATE
from kit.platforms.five import Points
from kit.workbench import PATIENCE, schema

USER = 1002  # "autograde"
PROCESSES, FILE_BYTES = 100, 100 << 20  # as Tango limits them
LOG = "output.log"


@contextlib.contextmanager
def job(archive: Path, handed_in: bytes, name: str = "handin.zip") -> Iterator[Path]:
    """Yield the new folder of a job, which an ordinary user may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as home:
        folder = Path(home) / "autolab"
        folder.mkdir()
        with zipfile.ZipFile(archive) as opened:
            (folder / "Makefile").write_bytes(opened.read("autograde-Makefile"))
            (folder / "autograde.tar").write_bytes(opened.read("autograde.tar"))
        (folder / name).write_bytes(handed_in)
        if CAN_IMITATE:
            for path in (Path(home), folder, *folder.iterdir()):
                os.chown(path, USER, USER)
        yield folder


def start(folder: Path, also: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start `make`; all that it prints goes into one file. `also` is run before, as root."""
    command = ["make"]
    if CAN_IMITATE:
        steps = " && ".join([*any_user.steps(), *also, 'cd "$0"', 'exec "$@"'])
        command = [
            "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
            "--mount-proc", "sh", "-c", steps, str(folder),
            "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
            "prlimit", f"--nproc={PROCESSES}", f"--fsize={FILE_BYTES}", *command,
        ]  # fmt: skip
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    with (folder.parent / LOG).open("wb") as output:
        return subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, text=True,
            env={"PATH": path, "HOME": str(folder.parent)},
        )  # fmt: skip


def made(folder: Path) -> str:
    """Return what `make` prints in a job's folder."""
    process = start(folder)
    assert process.wait(PATIENCE) == 0
    return (folder.parent / LOG).read_text()


def read(printed: str) -> Any:
    """Return what Autolab makes of it: its last line, in which words before a colon are quoted."""
    last = printed.rstrip().splitlines()[-1]
    content = json.loads(re.sub(r"([a-zA-Z0-9]+):", r'"\1":', last))
    jsonschema.validate(content, schema("autolab"))
    return content


def zip_of(submission: Path | None, place: Path) -> bytes:
    """Return a folder as students hand it in."""
    place.mkdir(parents=True)
    if submission is not None:
        shutil.copytree(submission, place, dirs_exist_ok=True)
    return Path(shutil.make_archive(str(place), "zip", place)).read_bytes()


@contextlib.contextmanager
def there(archive: Path, place: Path) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a submission, handed in as a zip; None: with nothing in it."""
    number = 0

    def grade(submission: Path | None) -> Points:
        nonlocal number
        number += 1
        with job(archive, zip_of(submission, place / f"in-{number}")) as folder:
            scores: Points = read(made(folder))["scores"]
        return scores

    yield grade
