"""Run the command line with `python -m autograder`."""

from autograder.cli.commands import main

if __name__ == "__main__":
    main()
