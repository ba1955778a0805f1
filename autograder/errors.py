"""Every error that the kit tells its user: where, what, and how to mend it."""

from __future__ import annotations


class KitError(Exception):
    """Something an instructor can mend. Shown without a traceback.

    where   "grading.yml, line 31", a path, a command
    what    what is wrong with it
    remedy  what to do about it
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        self.where, self.what, self.remedy = where, what, remedy
        super().__init__(f"{where}: {what}" + (f"\n    To mend it: {remedy}" if remedy else ""))

    def __reduce__(self) -> tuple[type[KitError], tuple[str, str, str]]:
        return type(self), (self.where, self.what, self.remedy)  # it comes out of other processes


class ConfigError(KitError):
    """grading.yml is not what it should be."""


class RegionError(KitError):
    """A BEGIN/END SOLUTION region cannot be cut out."""


class WireError(Exception):
    """A message from the worker that is not one. The worker is not to be trusted any more."""


class UnusableSubmission(Exception):
    """Nothing in what was handed in can be graded. The message is for the student."""
