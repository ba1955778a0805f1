"""The recipes of docs/adapt.md and docs/runbook.md work: their blocks are run in a copy of the kit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from autograder.assignment.config import load
from autograder.assignment.exercise import TRAINED
from kit.test_docs import commands
from kit.workbench import FAST, PATIENCE, ROOT, proof

ADAPT = ROOT / "docs" / "adapt.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "dist",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "*.egg-info",
    "explored.jsonl",
)
EVERY = [*FAST, TRAINED]
FILE = re.compile(r"`([\w/.]+\.(?:py|yml|j2))`")
PLACES = {
    "new": re.compile(r"the new file `([^`]+)`"),
    "end": re.compile(r"at the end of `([^`]+)`"),
    "above": re.compile(r"above the line `([^`]+)`"),
    "instead": re.compile(r"instead of the line that begins with `([^`]+)`"),
    "run": re.compile(r"(Run this in the kit's folder)"),
}


@dataclass(frozen=True)
class Block:
    """A block of a page: text for a file, a script, or commands with what they print."""

    line: int
    heading: str
    before: str  # the paragraph above it
    text: str
    is_fenced: bool


def blocks(page: str) -> Iterator[Block]:
    heading = before = ""
    parsed = MarkdownIt("commonmark").parse(page)
    for place, token in enumerate(parsed):
        if token.type == "heading_open":
            heading = parsed[place + 1].content
        elif token.type == "paragraph_open":
            before = " ".join(parsed[place + 1].content.split())
        elif token.type in ("fence", "code_block"):
            line = (token.map or [0])[0] + 1
            yield Block(line, heading, before, token.content, token.type == "fence")


class Kit:
    """A copy of the kit that recipes may change, with programs of its own."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        self.root = root

    def run(self, command: str, cwd: Path | None = None) -> tuple[int, str]:
        """Run a command of a page; return its status and what it prints."""
        programs = {
            "autograder": [sys.executable, "-m", "autograder"],
            "pytest": [sys.executable, "-m", "pytest"],
            "python": [sys.executable],
        }
        folder, _, rest = command.removeprefix("cd ").rpartition(" && ")
        first, *others = rest.removeprefix("cd ").split()
        ended = subprocess.run(
            [*programs[first], *others],
            cwd=cwd or self.root / folder,
            env={**os.environ, "PYTHONPATH": f"{self.root}{os.pathsep}{self.root / 'student'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return ended.returncode, ended.stdout

    def follow(self, block: Block) -> None:
        """Do what a block says. A command must print what stands below it, in this order."""
        if block.is_fenced:
            self._edit(block)
            return
        shown: list[str] = []
        printed = ""
        for line in block.text.splitlines():
            if line.startswith("$ "):
                _expect(shown, printed, block)
                shown = []
                _, printed = self.run(line.removeprefix("$ "))
            else:
                shown.append(line)
        _expect(shown, printed, block)

    def _edit(self, block: Block) -> None:
        kind, found = next(
            (kind, match) for kind, place in PLACES.items() if (match := place.search(block.before))
        )
        if kind == "run":
            ended = subprocess.run(
                [sys.executable, "-"], input=block.text, cwd=self.root, text=True, check=False
            )
            assert ended.returncode == 0, f"line {block.line}"
            return
        inside = kind in ("above", "instead")
        path = self.root / (FILE.search(block.before)[1] if inside else found[1])
        if kind == "new":
            assert not path.exists(), path
            path.write_text(block.text, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        if kind == "end":
            gap = "\n\n" if path.suffix == ".py" and not block.text.startswith("\n") else ""
            path.write_text(text.rstrip("\n") + "\n" + gap + block.text, encoding="utf-8")
            return
        (line,) = [one for one in text.splitlines() if one.strip().startswith(found[1])]
        own = block.text if kind == "instead" else f"{block.text}{line}\n"
        path.write_text(text.replace(f"{line}\n", own), encoding="utf-8")


def _expect(shown: list[str], printed: str, block: Block) -> None:
    """Assert that what a page shows is printed, in this order; blanks and numbers of lines aside."""
    rest = [_bare(line) for line in printed.splitlines()]
    for line in filter(None, map(_bare, shown)):
        assert line in rest, f"line {block.line}, not printed: {line}\n\n{printed}"
        rest = rest[rest.index(line) + 1 :]


def _bare(line: str) -> str:
    return re.sub(r"\bline \d+", "line N", " ".join(line.split()))


def recipe(heading: str, page: Path = ADAPT) -> list[Block]:
    found = [one for one in blocks(page.read_text(encoding="utf-8")) if one.heading == heading]
    assert found, f"{page.name} has no recipe {heading!r}"
    return found


def is_whole(kit: Kit, questions: list[str]) -> None:
    """Assert that the kit can be handed out: what `check` asks, without what takes its time."""
    assert [*load(kit.root).questions] == questions
    status, printed = kit.run("autograder student --check")
    assert status == 0, printed
    untrained = [name for name in questions if name != TRAINED]
    status, printed = kit.run(f"autograder grade solution --all-or-1 --only {','.join(untrained)}")
    assert status == 0, printed
    assert len(re.findall(r"^q\d+ .* passed +\d+ +\d+$", printed, flags=re.M)) == len(untrained)
    status, printed = kit.run("autograder grade student")
    assert re.search(r"^all +0 +\d+$", printed, flags=re.M), printed
    assert len(re.findall(r"^q\d+ .* not started +0 +\d+$", printed, flags=re.M)) == len(questions)
    corpus = kit.root / "corpus.py"
    corpus.write_text(
        "import tempfile\n"
        "from pathlib import Path\n"
        "from autograder.assignment.config import load\n"
        "from autograder.proof import blindspots, corpus\n"
        "kit = load()\n"
        "for one in [*corpus.slips(kit), *corpus.variants(kit)]:\n"
        "    corpus.lay_out([one], kit, Path(tempfile.mkdtemp()))\n"
        "corpus.typical(kit), corpus.steps(kit)\n",
        encoding="utf-8",
    )
    status, printed = kit.run("python corpus.py")
    corpus.unlink()
    assert status == 0, printed


@proof
def test_a_question_is_added_and_removed_again(tmp_path):
    kit = Kit(tmp_path / "kit")
    for block in recipe("Add a question"):
        if block.text.startswith("q8.1"):  # what the author of the mistake reads: below
            lines, printed = block.text.splitlines(), _of_the_mistake(kit)
            _expect(lines, printed, block)
        else:
            kit.follow(block)
    is_whole(kit, [*EVERY, "q8"])
    _remove(kit, "q8")
    is_whole(kit, EVERY)


def _of_the_mistake(kit: Kit) -> str:
    """Return what is printed of the first mistake of q8."""
    folder = kit.root / "mistaken"
    text = (kit.root / "solution" / "vit.py").read_text(encoding="utf-8")
    right = "    return grid.permute(0, 3, 1, 4, 2, 5).reshape(B, C, H, W)"
    assert text.count(right) == 1
    folder.mkdir()
    wrong = text.replace(right, "    return patches.reshape(B, C, H, W)")
    (folder / "vit.py").write_text(wrong, encoding="utf-8")
    shutil.copyfile(kit.root / "solution" / "train.py", folder / "train.py")
    _, printed = kit.run("autograder grade mistaken --only q8 --seed 1")
    shutil.rmtree(folder)
    return printed


def _remove(kit: Kit, question: str) -> None:
    script, *_ = [block for block in recipe("Remove a question") if block.is_fenced]
    assert 'QUESTION = "q2"' in script.text
    text = script.text.replace('QUESTION = "q2"', f'QUESTION = "{question}"')
    kit.follow(Block(script.line, script.heading, script.before, text, True))
    status, printed = kit.run("autograder student")
    assert status == 0, printed


@proof
def test_a_question_is_removed(tmp_path):
    kit = Kit(tmp_path / "kit")
    for block in recipe("Remove a question"):
        kit.follow(block)
    is_whole(kit, [name for name in EVERY if name != "q2"])


@proof
def test_the_question_that_trains_is_removed(tmp_path):
    kit = Kit(tmp_path / "kit")
    _remove(kit, "q7")
    is_whole(kit, FAST)


@proof
def test_points_and_what_is_shown_are_changed(tmp_path):
    kit = Kit(tmp_path / "kit")
    for block in recipe("Points, limits, what students see"):
        if "mistake is told" not in block.before:
            kit.follow(block)
    is_whole(kit, EVERY)


@proof
def test_a_test_is_added(tmp_path):
    kit = Kit(tmp_path / "kit")
    for block in recipe("Change or add a test"):
        if "is a function with a title" not in block.before:  # a test that is there
            kit.follow(block)
    status, printed = kit.run("autograder student")
    assert status == 0, printed


def test_what_a_page_shows_must_be_printed_in_this_order():
    block = Block(7, "", "", "", False)
    _expect(["a  b", "", "vit.py, line 3"], "a b\nmore\nvit.py, line 4\n", block)
    with pytest.raises(AssertionError, match=r"line 7, not printed: a"):
        _expect(["b", "a"], "a\nb\n", block)


def test_every_block_of_a_recipe_says_where_it_belongs():
    for heading in ("Add a question", "Remove a question", "Change or add a test"):
        for block in recipe(heading):
            told = any(place.search(block.before) for place in PLACES.values())
            assert told or not block.is_fenced or "title, a weight" in block.before, block


@proof
def test_the_commands_of_the_runbook_run(tmp_path):
    kit = Kit(tmp_path / "kit")
    shutil.make_archive(str(kit.root / "submission"), "zip", ROOT / "solution")
    done = set()
    for line, command in commands(RUNBOOK):
        if command.strip() == "grade":
            continue  # named in a sentence
        words = [{"N": "5"}.get(word, word) for word in command.split()]
        if words[0] == "grade" and "--only" not in words:
            words += ["--only", "q1"]  # the others and the training are graded elsewhere
        if words[0] in ("grade", "student", "doctor") or "--no-check" in words:
            status, printed = kit.run(" ".join(["autograder", *words]))
            assert status == 0, f"line {line}: {printed}"
            done.add(words[0])
    assert done == {"grade", "student", "doctor", "build"}
    assert (kit.root / "dist" / "gradescope.zip").stat().st_size > 10**6
