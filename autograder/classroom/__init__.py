"""A whole class: who has handed in, what was graded, and what became of it."""
