"""Student code at work in processes of its own, and the grader's side of them."""
