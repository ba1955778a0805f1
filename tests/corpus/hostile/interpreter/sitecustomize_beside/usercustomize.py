import builtins
from pathlib import Path

builtins.customized = __name__
for place in ("/tmp", "/var/tmp", "/dev/shm", "/autograder/results"):
    try:
        Path(place, f"written-by-{__name__}").write_text("WON")
    except OSError:
        pass
