"""The layers of a worker's confinement, and what it means where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

READING, CALLS = "files closed", "system calls"
NEEDED = (READING, CALLS, "one writable folder", "no new privileges", "own session")
MEANING: Mapping[str, str] = MappingProxyType({
    "own user": "A worker is the grader's own user: what that user may read, write or end is closed "
                "by the other layers alone. Grade as root, as in a container, to have this one.",
    "no new privileges": "A program that a worker starts could gain rights. It cannot start any where "
                         "the filter of system calls holds.",
    "resource limits": "A worker can take all memory or all descriptors. It is still watched from "
                       "outside, and ended when it grows too large.",
    "one writable folder": "A worker can leave files behind, where its user may write.",
    READING: "A worker can read what its user may read: hidden tests, hidden digits, other "
             "submissions. A verdict cannot be forged, but answers can be copied. "
             "Linux 5.13 or later has what is needed (Landlock); keep the kit out of /usr, which "
             "every program may read.",
    CALLS: "A worker can use the network, start programs, and leave processes behind, which are "
           "then looked for and ended. Linux on x86_64 and aarch64 has what is needed (seccomp).",
    "own session": "Signals to the grader's group reach the worker, and the other way round.",
    "small environment": "A worker sees the grader's environment variables: keep secrets out of them.",
})  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer, and what got through it."""

    name: str
    through: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing got through."""
        return not self.through

    @property
    def meaning(self) -> str:
        """What it means where it does not hold."""
        return MEANING[self.name]
