"""What runs beside the student's code: it measures, and never judges."""
