"""A report, written down: for the terminal, for Gradescope, for other programs."""
