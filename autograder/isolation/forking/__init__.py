"""How worker processes come into being: forked, each with an id of its own."""
