"""The pages tell the truth: links lead somewhere, commands exist, keys of grading.yml are known."""

from __future__ import annotations

import functools
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel
from ruamel.yaml import YAML

from autograder.assignment import config
from autograder.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = (
    ".git",
    ".venv",
    ".venv-peers",
    "venv",
    "node_modules",
    "dist",
    "build",
    ".pytest_cache",
)
PROGRAM = re.compile(r"(?:^|[\s;&|])(?:\.venv/bin/|python -m )?autograder\s+(?P<rest>[a-z-].*)")
END_OF_COMMAND = re.compile(r"\s(?:#|&&|\|\||\||>|;)\s?|\s#|\.\.\.|$")
KEY = re.compile(r"^(?P<section>[a-z]+)\.(?P<key>[a-z_]+)$")


def pages() -> list[Path]:
    """Return every page of the repository."""
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not any(part in NOT_OURS for part in path.relative_to(ROOT).parts)
    )


@functools.cache
def tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def inline(path: Path) -> Iterator[tuple[int, Token]]:
    """Yield (line, part) of all running text, links and code in it."""
    for token in tokens(path):
        for part in token.children or []:
            yield (token.map or [0])[0] + 1, part


# --- links -----------------------------------------------------------------------------------


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """Return what a link may lead to in a page: its headings as GitHub names them."""
    seen: Counter[str] = Counter()
    found = set()
    parsed = tokens(path)
    for place, token in enumerate(parsed):
        if token.type == "heading_open":
            name = _slug(parsed[place + 1])
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return frozenset(found)


def _slug(heading: Token) -> str:
    """Return a heading's anchor: small letters, no punctuation, a hyphen for each space."""
    shown = ("text", "code_inline")
    text = "".join(part.content for part in heading.children or [] if part.type in shown)
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def broken_links(path: Path) -> list[str]:
    """Say which links and pictures of a page lead nowhere."""
    found = []
    for line, part in inline(path):
        target = str(part.attrs.get("href") or part.attrs.get("src") or "")
        if part.type in ("link_open", "image"):
            wrong = _wrong(path, target)
            found += [f"{path.name}, line {line}: {target}: {wrong}"] if wrong else []
    return found


def _wrong(page: Path, target: str) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "" if parts.scheme == "https" else "not https"
    place = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not place.exists():
        return "no such file"
    if parts.fragment and (place.suffix != ".md" or parts.fragment not in anchors(place)):
        return "no such heading"
    return ""


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


def test_a_broken_link_is_told(tmp_path):
    (tmp_path / "other.md").write_text("# One `two`: three\n\n## Twice\n\n## Twice\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n\n[a](other.md#one-two-three) [b](other.md#twice-1) [c](#here)\n"
        "[d](https://example.org/x#y) `[e](code.md)`\n\n    [f](code.md)\n\n"
        "[g](missing.md) [h](other.md#four) [i](#there) [j](http://example.org)\n\n"
        "| a |\n|---|\n| ![k](missing.svg) |\n\n[l]\n\n[l]: elsewhere.md\n"
    )
    assert broken_links(page) == [
        "page.md, line 8: missing.md: no such file",
        "page.md, line 8: other.md#four: no such heading",
        "page.md, line 8: #there: no such heading",
        "page.md, line 8: http://example.org: not https",
        "page.md, line 12: missing.svg: no such file",
        "page.md, line 14: elsewhere.md: no such file",
    ]


# --- commands --------------------------------------------------------------------------------


def commands(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, what follows `autograder`) of every command in code, blocks and inline."""
    code = [(n, part.content) for n, part in inline(path) if part.type == "code_inline"]
    for token in tokens(path):
        if token.type == "code_block" or (token.type == "fence" and token.info != "yaml"):
            first = (token.map or [0])[0] + (2 if token.type == "fence" else 1)
            code += [(first + n, text) for n, text in enumerate(token.content.splitlines())]
    for line, text in code:
        for found in PROGRAM.finditer(text):
            rest = found["rest"]
            ends = END_OF_COMMAND.search(rest)
            yield line, rest[: ends.start()] if ends else rest


def unknown_commands(path: Path) -> list[str]:
    """Say which commands and options of a page do not exist."""
    return [
        f"{path.name}, line {line}: autograder {rest}: {wrong}"
        for line, rest in commands(path)
        if (wrong := _unknown(rest))
    ]


def _unknown(rest: str) -> str:
    group: Any = typer.main.get_command(app)
    verb, *arguments = shlex.split(rest)
    if verb.startswith("-"):
        known = {name for option in group.params for name in option.opts}
        return "" if verb in known else f"no option {verb}"
    if verb not in group.commands:
        return "no such command"
    known = {name for p in group.commands[verb].params for name in (*p.opts, *p.secondary_opts)} | {
        "--help"
    }
    wanted = [word.split("=")[0] for word in arguments if word.startswith("-")]
    return ", ".join(f"no option {word}" for word in wanted if word not in known)


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_exists(page):
    assert unknown_commands(page) == []


def test_the_pages_name_commands():
    verbs = {rest.split()[0] for page in pages() for _, rest in commands(page)}
    assert verbs >= {"grade", "check", "student", "build", "doctor", "calibrate"}


def test_an_unknown_command_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`autograder chekc` and `autograder check --wirte`, not autograder anything in text.\n\n"
        "    autograder grade PATH --seed 5      # --else is a comment\n"
        "    python -m autograder build student --no-chek && true --that\n\n"
        "```\nautograder grade PATH --jason x.json\n```\n"
    )
    assert unknown_commands(page) == [
        "page.md, line 1: autograder chekc: no such command",
        "page.md, line 1: autograder check --wirte: no option --wirte",
        "page.md, line 4: autograder build student --no-chek: no option --no-chek",
        "page.md, line 7: autograder grade PATH --jason x.json: no option --jason",
    ]


# --- keys of grading.yml -----------------------------------------------------------------------

FILE_TYPES = ("yml", "zip", "py")  # `gradescope.zip` is a file
SECTIONS: dict[str, type[BaseModel]] = {
    "limits": config.LimitSettings,
    "training": config.TrainingSettings,
    "gradescope": config.GradescopeSettings,
    "otter": config.OtterSettings,
    "prairielearn": config.PrairieLearnSettings,
    "autolab": config.AutolabSettings,
    "install": config.InstallSettings,
    "attempts": config.AttemptSettings,
}


def unknown_keys(path: Path) -> list[str]:
    """Say which keys of grading.yml a page names that are none: `limits.memory_mb`, or in YAML."""
    found = []
    for line, part in inline(path):
        named = KEY.match(part.content) if part.type == "code_inline" else None
        model = SECTIONS.get(named["section"]) if named else None
        if named and model and named["key"] not in (*model.model_fields, *FILE_TYPES):
            found.append(f"{path.name}, line {line}: {part.content}")
    for token in tokens(path):
        if token.type == "fence" and token.info == "yaml":
            content = YAML(typ="safe").load(token.content)
            tops = content.items() if isinstance(content, dict) else ()
            for top, inside in tops:
                model = SECTIONS.get(top)
                known = model.model_fields if model else config.Settings.model_fields
                keys = inside if model and isinstance(inside, dict) else [top]
                line = (token.map or [0])[0] + 1
                found += [f"{path.name}, line {line}: {top}: {k}" for k in keys if k not in known]
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_key_of_the_mark_sheet_exists(page):
    assert unknown_keys(page) == []


def test_an_unknown_key_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`limits.memory_mb`, `limits.memory`, `grading.yml`, `torch.load`\n\n"
        "```yaml\ngradescope:\n  rows: test\n  row: test\nlimit: {}\n```\n"
    )
    assert unknown_keys(page) == [
        "page.md, line 1: limits.memory",
        "page.md, line 3: gradescope: row",
        "page.md, line 3: limit: limit",
    ]
