"""Make files and folders in the scratch folder that are hard to list or to remove.

base: solution
earns: 95
wins: no report, or the scratch folder is still there afterwards
"""
import os
import socket
import stat

for attempt in (
    lambda: os.makedirs("closed/inside/further"),
    lambda: open("closed/inside/file\n\x1b[2J\udcff", "w").close(),
    lambda: os.mkdir("closed-from-the-start", 0),
    lambda: os.close(os.open("unreadable", os.O_CREAT | os.O_WRONLY, 0)),
    lambda: os.chmod("closed/inside", 0),
    lambda: os.chmod("closed", 0),
    lambda: os.mkfifo("waits-for-a-reader"),
    lambda: os.mknod("device", 0o600 | stat.S_IFCHR, os.makedev(1, 5)),
    lambda: socket.socket(socket.AF_UNIX).bind("a-socket"),
    lambda: os.symlink("/", "everything"),
    lambda: open("-rf", "w").close(),
):
    try:
        attempt()
    except BaseException:
        pass
