"""Make the checks beside this file known to pytest. Nothing to do here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from checks.running.heavy import import_heavy

import_heavy()
pytest_plugins = ["checks.running.plugin"]
