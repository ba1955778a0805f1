"""A student's code as text: the names it must have, its notebook's cells, loaded or refused."""
