"""Bring marks and feedback to where students find them; prepare a search for copies."""
