"""What students are handed: the stubs, the text, the figures."""
