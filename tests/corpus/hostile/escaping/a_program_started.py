"""Start programs in every way that the standard library knows.

base: solution
earns: 95
wins: a program was started
"""
import os
import subprocess

WRITE = "echo WON > /tmp/written-by-a-program"
found = []

for start in (
    lambda: subprocess.run(["/bin/sh", "-c", WRITE], timeout=1),
    lambda: subprocess.Popen("/bin/true"),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
    lambda: os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]),
    lambda: os.popen("echo WON").read() or 1 / 0,
):
    try:
        found.append(str(start()))
    except BaseException:
        pass
try:
    if os.system(WRITE) == 0:
        found.append("os.system")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found[0]}")
