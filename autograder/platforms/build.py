"""Build the zips: what students get, and what Gradescope and Otter are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment, HandsIn
from autograder.assignment.digits import idx_images
from autograder.errors import KitError
from autograder.formats.gradescope import VISIBILITY
from autograder.formats.whole_files import as_json
from autograder.platforms import contents
from autograder.platforms.bundle import File, Written, write_zip
from autograder.platforms.otter_cases import DRIVER, EMPTY_NOTEBOOK
from autograder.proof.leaks import hidden_lines
from autograder.proof.promises import solution_lines, telling_lines

PLUGIN = "autograder.platforms.otter_plugin.Isolated"
GRADESCOPE_KIT, OTTER_KIT = "kit", "files/kit"
ON_GRADESCOPE = "-m autograder.platforms.on_gradescope"
RUN_OTTER = b'''"""What run_autograder calls: Otter, with our grader before it."""

from autograder.platforms.on_otter import main

if __name__ == "__main__":
    main()
'''


@dataclass(frozen=True)
class Artefact:
    """A zip that can be built, and what to do with it."""

    name: str
    files: Callable[[Assignment], dict[str, File]]
    next_step: str


@dataclass(frozen=True)
class Built:
    """A zip that was built."""

    artefact: Artefact
    zip: Written


def build(assignment: Assignment, names: list[str], out: Path) -> Iterator[Built]:
    """Write these zips into a folder, one after the other. Raises KitError."""
    for name in names:
        artefact = ARTEFACTS[name]
        yield Built(artefact, write_zip(artefact.files(assignment), out / f"{name}.zip"))


def student(assignment: Assignment) -> dict[str, File]:
    """Return the files of student.zip. Raises KitError if anything in them is not for students."""
    files = contents.student_files(assignment)
    found = secrets_in(files, assignment)
    if found:
        listed = "\n    ".join(found[:10])
        raise KitError("student.zip", f"it would tell students too much:\n    {listed}",
                       "see `autograder check`")  # fmt: skip
    return files


def secrets_in(files: Mapping[str, File], assignment: Assignment) -> list[str]:
    """Return every line of the solution or of a hidden test, and every hidden digit, in files."""
    lines = dict.fromkeys(solution_lines(assignment), "a line of the solution")
    lines |= hidden_lines(assignment)
    packed = (assignment.tests / "data").rglob("*images*.gz")
    hidden = set().union(*(idx_images(path.read_bytes()) for path in packed))
    found = []
    for name, file in files.items():
        if name.endswith(".gz"):
            known = hidden & idx_images(file.content)
            found += [f"{name}: {len(known)} of the hidden digits"] if known else []
            continue
        text = file.content.decode("utf-8", "replace")
        found += [f"{name}, line {n}: {lines[line]}" for n, line in telling_lines(text, lines)]
    return found


def gradescope(assignment: Assignment) -> dict[str, File]:
    """Return the files of gradescope.zip: its two scripts at the top, and the kit."""
    return contents.kit_files(assignment, GRADESCOPE_KIT) | contents.scripts(
        assignment, GRADESCOPE_KIT, ON_GRADESCOPE
    )


def otter(assignment: Assignment) -> dict[str, File]:
    """Return the files of otter.zip, laid out as `otter generate` does."""
    asked = assignment.settings.otter
    printed = asked.model_dump(exclude={"hands_in", "check_cells"}, exclude_none=True)
    settings = {**printed, "plugins": [PLUGIN]}
    files = contents.kit_files(assignment, OTTER_KIT)
    files |= contents.scripts(assignment, OTTER_KIT, "source/run_otter.py", extra="otter")
    files |= {
        "run_otter.py": File(RUN_OTTER),
        "otter_config.json": File(as_json(settings)),
        "environment.yml": File(contents.rendered("environment.yml.j2", {})),
    }
    if asked.hands_in is HandsIn.FILES:  # a student's notebook beside it would be one too many
        files[f"files/{DRIVER}"] = File(EMPTY_NOTEBOOK)
    for name in assignment.questions:
        text = contents.rendered("question.py.j2", {"question": name})
        files[f"tests/{name}.py"] = File(text)
    return files


def warnings(assignment: Assignment) -> Iterator[str]:
    """Yield what an instructor should know before uploading."""
    yield from assignment.surprises
    hiding = [name for name, q in assignment.questions.items() if q.show in VISIBILITY]
    if hiding:
        yield (
            f"{', '.join(hiding)}: rows that students cannot see hide their total score, too, until "
            "they can. To show the total now, write `show: score_only` in grading.yml."
        )
    if not assignment.settings.install.torch_index:
        yield (
            "install.torch_index is empty: pip's default index has torch with CUDA, several GB, and "
            "building the image may take very long."
        )


ARTEFACTS = {
    artefact.name: artefact
    for artefact in (
        Artefact("student", student, "Hand it out: your course's page, with the deadline."),
        Artefact(
            "gradescope",
            gradescope,
            "Gradescope: Configure Autograder, upload, choose 1 CPU / 1.5 GB.",
        ),
        Artefact(
            "otter",
            otter,
            "Otter: `otter run -a otter.zip SUBMISSION`, `otter grade`, or upload it to Gradescope. "
            "For `otter run` on notebooks, see otter.hands_in in docs/platforms.md.",
        ),
    )
}
