"""All commands, under one name: what `autograder` starts."""

from autograder.cli import a_class, kit, one
from autograder.cli.app import app, main

__all__ = ["a_class", "app", "kit", "main", "one"]
