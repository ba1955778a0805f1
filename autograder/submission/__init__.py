"""What was handed in: found, read, and staged to be graded."""
