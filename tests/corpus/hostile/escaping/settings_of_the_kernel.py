"""Open the kernel's settings, groups of processes and devices for writing.

base: solution
earns: 95
wins: one of them could be opened
"""
import os

PATHS = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
         "/sys/fs/cgroup/cgroup.procs", "/sys/kernel/uevent_helper", "/dev/mem", "/dev/kmsg",
         "/dev/tty", "/dev/pts/0", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/sda",
         f"/proc/{os.getppid()}/oom_score_adj", f"/proc/{os.getppid()}/mem",
         f"/proc/{os.getppid()}/comm", "/var/run/docker.sock"]  # fmt: skip
found = []

for path in PATHS:
    for mode in (os.O_WRONLY, os.O_RDWR):
        try:
            os.close(os.open(path, mode | os.O_NONBLOCK))
            found.append(path)
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
