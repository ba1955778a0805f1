"""Send signals to the process that started it, to its group, and to every process there is.

base: solution
earns: 95
wins: a signal to another process is accepted
"""
import os
import signal

found = []
targets = [1, -1, os.getppid(), os.getppid() - 1]
try:
    targets.append(-os.getpgid(os.getppid()))
except BaseException:
    pass

for target in targets:
    if target in (0, os.getpid(), -os.getpgid(0)):
        continue  # these would be itself
    for number in (0, signal.SIGCONT, signal.SIGURG):  # harmless ones: accepted is enough
        try:
            os.kill(target, number)
            found.append(f"signal {number} to {target}")
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
