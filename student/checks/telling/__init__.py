"""What a student is told: how a test can end, in words, and as a summary."""
