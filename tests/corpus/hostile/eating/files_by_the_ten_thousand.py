"""Write twenty thousand small files into every folder that lets it.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: files lie outside the scratch folder, or the machine runs out of them
"""
import os
import tempfile
from pathlib import Path

FOLDERS = {Path.cwd(), Path.home(), Path(tempfile.gettempdir()), Path(__file__).parent}
FOLDERS |= {Path("/tmp"), Path("/dev/shm"), Path("/var/tmp")}

for folder in FOLDERS:
    try:
        for number in range(20_000):
            descriptor = os.open(f"{folder}/won-{number}", os.O_CREAT | os.O_WRONLY)
            os.close(descriptor)
    except BaseException:
        pass
