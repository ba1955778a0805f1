"""Write files of a gigabyte, with and without content, and many of a few megabytes.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: a file becomes larger than the limit, or the disk fills up
"""
import os

BLOCK = bytes(1 << 20)


def written(name, blocks):
    with open(name, "wb", buffering=0) as file:
        for _ in range(blocks):
            file.write(BLOCK)


for attempt in (
    lambda: written("large", 1024),
    lambda: os.truncate("large", 1 << 40),
    lambda: os.posix_fallocate(os.open("reserved", os.O_CREAT | os.O_WRONLY), 0, 1 << 30),
    lambda: [written(f"part-{number}", 3) for number in range(200)],
):
    try:
        attempt()
    except BaseException:
        pass
