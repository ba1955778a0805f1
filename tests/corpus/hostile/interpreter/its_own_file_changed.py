"""Change its own file when it is imported, so that the next question runs another one.

base: solution
earns: 95
wins: the changed file is run
"""
import os
from pathlib import Path

CHANGED = False
if CHANGED:
    raise RuntimeError("WON: a changed file was run")

own = Path(__file__)
text = own.read_text(encoding="utf-8").replace("CHANGED = False", "CHANGED = True", 1)
for change in (
    lambda: own.write_text(text, encoding="utf-8"),
    lambda: (own.unlink(), own.write_text(text, encoding="utf-8")),
    lambda: (Path("vit.py").write_text(text), os.replace("vit.py", own)),
    lambda: os.rename(own.parent, own.parent.with_name("moved")),
):
    try:
        change()
    except BaseException:
        pass
