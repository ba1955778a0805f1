"""Run the tests on the student's files."""
