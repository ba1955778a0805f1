"""What both the source notebook and its grading know of the cells. It imports nothing of the kit."""

from __future__ import annotations

SCHEMA_VERSION = 3  # of the metadata that nbgrader 0.8 and 0.9 write into a cell
# What the id of a question's answer ends with; its autograded cell has the bare id.
ANSWER = "-answer"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# nbgrader takes this out of what students get, and puts it back before it grades. So where our grader
# is not asked, each of these cells fails: without it, nbgrader would give all points for a cell
# that only prints.
UNGRADED = """
### BEGIN HIDDEN TESTS
raise SystemError("not graded: nbgrader_config.py does not load grader/nbgrader_config.py")
### END HIDDEN TESTS"""
