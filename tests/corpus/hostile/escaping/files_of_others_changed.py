"""Change rights, times, sizes and attributes of files of the kit, which no rule on writing sees.

base: solution
earns: 95
wins: one of these changes was accepted
"""
import os
import stat
import sys
from pathlib import Path

KIT = Path(sys.modules["checks"].__file__).resolve().parents[2]
PATHS = [KIT / "student/checks/__init__.py", KIT / "grading.yml", Path("/tmp"), Path("/etc/passwd")]
found = []

for path in PATHS:
    try:
        now = os.stat(path)
    except BaseException:
        continue
    for change in (  # each leaves the file as it is
        lambda: os.chmod(path, stat.S_IMODE(now.st_mode)),
        lambda: os.chown(path, now.st_uid, now.st_gid),
        lambda: os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns)),
        lambda: os.truncate(path, now.st_size),
        lambda: os.setxattr(path, "user.won", b"WON"),
    ):
        try:
            change()
            found.append(str(path))
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
