"""Run a Python file of the kit that lies outside the package: what it draws, expects or must try.

Where the file is an `__init__.py`, what lies beside it can be imported from it by relative imports.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from checks.code.loading import Submission


@lru_cache(maxsize=8)
def run_source(path: Path) -> ModuleType:
    """Return the module of a file, run once. Raises KitError if there is none.

    Its name is its path, since there may be several kits in one process.
    """
    name = f"kit:{path}".replace(".", "_")  # a dot would mean a package
    beside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=beside)
    if spec is None or spec.loader is None or not path.is_file():
        raise KitError(str(path), "cannot be read", "it is a part of the kit: put it back")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


def solution(assignment: Assignment) -> dict[str, ModuleType]:
    """Return the modules of the reference solution by name, and leave those that are loaded alone."""
    sources = {Path(name).stem: assignment.solution / name for name in assignment.settings.files}
    submission = Submission(sources)
    before = {name: sys.modules.get(name) for name in sources}  # loading leaves its own there
    try:
        return {name: submission.module(name) for name in sources}
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
