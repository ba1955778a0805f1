"""A class's tables and pages, and each student's feedback."""
