"""Run a command as a user that is not root, as most platforms do, if this is run by root."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from kit.workbench import ROOT

USER = 1001
# A root's home is closed to others: Python, where it lies there, is shown in an empty one.
OPENED = """
closed="$1"; shift
kept=()
while [ "$1" != -- ]; do
    held="$(mktemp -d)"; mount --bind "$1" "$held"; kept+=("$held" "$1"); shift
done
shift
if [ -n "$closed" ]; then mount -t tmpfs -o mode=755 tmpfs "$closed"; fi
for ((i = 0; i < ${#kept[@]}; i += 2)); do
    mkdir -p "${kept[i + 1]}"; mount --move "${kept[i]}" "${kept[i + 1]}"; rmdir "${kept[i]}"
done
exec "$@"
"""
CAN = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare") is not None


def unprivileged(*command: str) -> list[str]:
    """Return the command as that user, who can read Python and this kit wherever they lie."""
    if not CAN:
        return list(command)
    needed = {Path(path).resolve() for path in (sys.base_prefix, sys.prefix, ROOT)}
    closed = {shut for path in needed if (shut := _shut(path))}
    assert len(closed) <= 1, closed
    home = next(iter(closed), None)
    inside = [str(path) for path in needed if home and path.is_relative_to(home)]
    as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return [
        "unshare", "--mount", "--propagation", "private", "bash", "-euc", OPENED, "bash",
        str(home or ""), *inside, "--", *as_user, *command,
    ]  # fmt: skip


def _shut(path: Path) -> Path | None:
    """Return the uppermost folder above that others cannot enter."""
    shut = [folder for folder in (*path.parents, path) if not folder.stat().st_mode & 0o001]
    return min(shut, key=lambda folder: len(folder.parts), default=None)
