brought_by_a_student = True


def load_digits(train, root=None):
    raise RuntimeError("WON: the digits are the submission's")


declare_missing_operators = load_digits
