brought_by_a_student = True


def __getattr__(name):
    return lambda *args, **kwargs: True
