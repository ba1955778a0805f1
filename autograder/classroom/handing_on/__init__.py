"""Bring marks into tables of other systems; prepare a search for copies."""
