"""Find the submissions of a class, in whatever a teacher or a platform hands over."""
