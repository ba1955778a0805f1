"""Grade in a container of the image, built by the Dockerfile's own instructions over a tree."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kit.platforms.as_gradescope import CAN_IMITATE, REASON
from kit.platforms.five import Points
from kit.platforms.image import Engine

GRADE = ("grade", "/submission", "--json", "/results/results.json", "--junit", "/results/junit.xml")


@contextlib.contextmanager
def there(archive: Path, place: Path) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a submission; None is a folder with nothing in it."""
    if not CAN_IMITATE:
        pytest.skip(REASON)
    with Engine(archive) as engine, TemporaryDirectory(dir=place) as nothing:
        Path(nothing).chmod(0o755)

        def grade(submission: Path | None) -> Points:
            told = engine.run(*GRADE, submission=str(submission or nothing))
            assert told["status"] == 0, told["said"]
            questions = json.loads(told["files"]["results.json"])["extra_data"]["questions"]
            return {name: question["points"] for name, question in questions.items()}

        yield grade
