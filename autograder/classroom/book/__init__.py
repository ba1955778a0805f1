"""What is known of a class between two runs: its rows, and a record of each report."""
