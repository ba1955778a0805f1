"""Write into files that have no name any more: nobody who looks into the folder counts them.

base: solution
at_most: 95           # less if the process is killed for it
wins: the disk holds more than the 64 MB that a worker may write
"""
import os

BLOCK = bytes(1 << 20)
kept, written = [], 0
for number in range(100):
    try:
        kept.append(os.open(f"part-{number}", os.O_CREAT | os.O_RDWR))
        os.unlink(f"part-{number}")
        for _ in range(4):
            written += os.write(kept[-1], BLOCK)
    except BaseException:
        pass
held = sum(os.fstat(one).st_blocks * 512 for one in kept)
if held > 70 << 20:
    raise RuntimeError(f"WON: {held >> 20} MB")
