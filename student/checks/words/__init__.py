"""The words that tests are written in."""
