"""Run a Python file of the kit that lies outside the package: what it draws, what its tests must try."""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from autograder.errors import KitError


@lru_cache(maxsize=8)
def run_source(path: Path) -> ModuleType:
    """Return the module of a file, run once. Raises KitError if there is none.

    Its name is its path, since there may be several kits in one process.
    """
    spec = importlib.util.spec_from_file_location(f"kit:{path}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise KitError(str(path), "cannot be read", "it is a part of the kit: put it back")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    return module
