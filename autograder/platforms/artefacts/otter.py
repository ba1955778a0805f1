"""What Otter is given."""

from __future__ import annotations

from autograder.assignment.config import Assignment, HandsIn
from autograder.formats.whole_files import as_json
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File
from autograder.platforms.inside.otter_cases import DRIVER, EMPTY_NOTEBOOK

KIT = "files/kit"  # the folder in the zip that the kit lies in
PLUGIN = "autograder.platforms.inside.otter_plugin.Isolated"
RUN_OTTER = b'''"""What run_autograder calls: Otter, with our grader before it."""

from autograder.platforms.inside.on_otter import main

if __name__ == "__main__":
    main()
'''


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of otter.zip, laid out as `otter generate` does."""
    asked = assignment.settings.otter
    printed = asked.model_dump(exclude={"hands_in", "check_cells"}, exclude_none=True)
    settings = {**printed, "plugins": [PLUGIN]}
    packed = contents.kit_files(assignment, KIT)
    packed |= contents.scripts(assignment, KIT, "source/run_otter.py", extra="otter")
    packed |= {
        "run_otter.py": File(RUN_OTTER),
        "otter_config.json": File(as_json(settings)),
        "environment.yml": File(contents.rendered("environment.yml.j2", {})),
    }
    if asked.hands_in is HandsIn.FILES:  # a student's notebook beside it would be one too many
        packed[f"files/{DRIVER}"] = File(EMPTY_NOTEBOOK)
    for name in assignment.questions:
        text = contents.rendered("question.py.j2", {"question": name})
        packed[f"tests/{name}.py"] = File(text)
    return packed


ARTEFACT = Artefact(
    "otter",
    "the autograder for Otter, also on Gradescope, in the layout of `otter generate`",
    files,
    "Otter: `otter run -a otter.zip SUBMISSION`, `otter grade`, or upload it to Gradescope. "
    "For `otter run` on notebooks, see otter.hands_in in docs/platforms.md.",
)
