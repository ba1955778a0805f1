"""What is asked: the mark sheet, the digits, and what is tied to this exercise."""
