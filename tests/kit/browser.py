"""A browser for the tests that look at a page as a reader does, and axe, which looks for barriers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from kit.workbench import proof

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
PROMISED = bool(os.environ.get("BROWSER_PROMISED"))  # where CI has installed one
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

needed = pytest.mark.skipif(
    BROWSER is None and not PROMISED, reason="no Chromium or Chrome is installed"
)


def browser_here(test: Callable[..., Any]) -> Any:
    """Mark what is seen in a browser only: a proof, where there is one."""
    return proof(needed(test))


@contextmanager
def launched() -> Iterator[Any]:
    """Start the browser; close it at the end."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


def violations(page: Any, excluded: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Return what axe finds in an open page: the elements that break each rule.

    excluded  rules that are not looked at, each with the reason
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rules = {name: {"enabled": False} for name in excluded or ()}
    found = axe.run(page, options={"runOnly": RULES, "rules": rules}).response
    return {
        broken["id"]: [node["html"] for node in broken["nodes"]] for broken in found["violations"]
    }
