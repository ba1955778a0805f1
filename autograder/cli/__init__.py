"""What an instructor types, and what the terminal shows."""
