"""The assignment in an nbgrader course: its source notebook, and what grades there."""
