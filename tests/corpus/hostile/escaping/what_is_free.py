"""Look at what all processes of the machine change: free space, free memory, load, counters.

base: solution
earns: 95
wins: one of these could be read
"""
import ctypes
import os
import platform
import shutil

SYSINFO = {"x86_64": 99, "aarch64": 179}.get(platform.machine())
FILES = """
    /proc/stat /proc/meminfo /proc/vmstat /proc/loadavg /proc/uptime /proc/zoneinfo /proc/diskstats
    /proc/interrupts /proc/softirqs /proc/schedstat /proc/pressure/cpu /proc/locks /proc/slabinfo
    /proc/buddyinfo /proc/sys/fs/file-nr /proc/sys/fs/inode-nr /proc/sys/kernel/random/entropy_avail
    /proc/sys/kernel/ns_last_pid /sys/devices/system/node/node0/meminfo
    /sys/devices/system/node/node0/vmstat /sys/devices/system/node/node0/numastat
    /sys/devices/system/cpu/cpu0/cpuidle/state0/usage /sys/kernel/mm/ksm/pages_shared
    /sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq /sys/fs/cgroup/memory.current
""".split()
found = []

for what, look in {
    "statvfs": lambda: os.statvfs("/"),
    "own statvfs": lambda: os.fstatvfs(os.open(".", os.O_RDONLY)),
    "disk_usage": lambda: shutil.disk_usage("."),
    "load": os.getloadavg,
}.items():
    try:
        look()
        found.append(what)
    except BaseException:
        pass
for name in FILES:
    try:
        with open(name) as file:
            file.read(1)
        found.append(name)
    except BaseException:
        pass
try:
    if ctypes.CDLL(None).syscall(ctypes.c_long(SYSINFO), ctypes.create_string_buffer(256)) == 0:
        found.append("sysinfo")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
