"""The processes that student code runs in. The grader imports only `wire` from here."""
