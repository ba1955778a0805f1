"""A submission judged: the suite is run, and a report made of its outcomes."""
