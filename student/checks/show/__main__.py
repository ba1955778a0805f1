"""What `python -m checks.show` runs."""

import io
import sys

from checks.show import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a path may hold what an old console cannot print
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
