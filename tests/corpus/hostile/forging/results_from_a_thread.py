"""Keep writing a results.json from a thread, so that it is written again after the real one.

base: skeleton
earns: 0
wins: a results.json with 100 points lies outside the scratch folder
"""
import sys
import threading
import time
from pathlib import Path

KIT = Path(sys.modules["checks"].__file__).resolve().parents[2]
PLACES = [KIT, Path("/autograder/results"), Path("/tmp"), Path(__file__).resolve().parents[1]]


def write():
    for _ in range(100):
        for place in PLACES:
            try:
                (place / "results.json").write_text('{"score": 100, "output": "WON"}')
            except BaseException:
                pass
        time.sleep(0.2)


threading.Thread(target=write).start()
