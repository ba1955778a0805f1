"""Leave a process only some files to read and one folder to write in: Landlock, Linux 5.13 and later.

Source: the kernel's documentation, userspace-api/landlock. A newer kernel knows more rights; each is
asked for where it is known.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from autograder.isolation.worker import kernel

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
READ = READ_FILE | READ_DIR
OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE  # the others make sense for folders only
# Neither programs, nor devices, sockets, pipes, links.
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK_SINCE, SCOPES_SINCE = 4, 6
BIND_AND_CONNECT, SOCKETS_AND_SIGNALS = 0b11, 0b11
ASK_FOR_VERSION, BELOW_A_PATH = 1, 1


def version() -> int:
    """Return the version of Landlock in this kernel; 0 where there is none."""
    try:
        return kernel.call("landlock_create_ruleset", None, 0, ASK_FOR_VERSION)
    except OSError:
        return 0


class Ruleset:
    """What a process may still do with files once this is in force.

    It is made in two steps, since rules are found while everything can still be read, and come
    into force after privileges have been given up.
    """

    def __init__(self) -> None:
        abi = version()
        if not abi:
            raise OSError("this kernel has no Landlock")
        self._handled = RIGHTS_BY_ABI[max(known for known in RIGHTS_BY_ABI if known <= abi)]
        attributes = struct.pack(
            "QQQ",
            self._handled,
            BIND_AND_CONNECT if abi >= NETWORK_SINCE else 0,
            SOCKETS_AND_SIGNALS if abi >= SCOPES_SINCE else 0,
        )
        size = 8 * (1 + (abi >= NETWORK_SINCE) + (abi >= SCOPES_SINCE))
        buffer = ctypes.create_string_buffer(attributes)
        self._descriptor = kernel.call("landlock_create_ruleset", buffer, size, 0)

    def allow(self, paths: Iterable[Path], rights: int) -> None:
        """Allow these rights on files, and on folders with all they hold. What is missing is skipped."""
        for path in paths:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
                allowed = rights & self._handled & (rights if is_folder else OF_A_FILE)
                rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, place))
                kernel.call("landlock_add_rule", self._descriptor, BELOW_A_PATH, rule, 0)
            finally:
                os.close(place)

    def enforce(self) -> None:
        """Confine this thread for good. It must be the only one, and have no_new_privs."""
        kernel.call("landlock_restrict_self", self._descriptor, 0)
        os.close(self._descriptor)
