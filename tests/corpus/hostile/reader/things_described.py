"""Return things that are described by their type, module and shape, which hold control characters.

base: none
earns: 0
wins: a control character arrives in the report
"""
import itertools

ESCAPE = "\x1b[2J\x1b]0;a title\x07\u202e"


class Shape(tuple):
    def __str__(self):
        return ESCAPE

    __repr__ = __str__

    def __format__(self, spec):
        return ESCAPE


class Number(int):
    def __format__(self, spec):
        return ESCAPE

    __repr__ = __str__ = lambda self: ESCAPE


Named = type(f"Thing{ESCAPE}", (), {"__module__": ESCAPE, "shape": Shape((1, 2))})
Listed = type(f"List{ESCAPE}", (set,), {"__module__": "builtins"})
results = itertools.cycle((Named(), Listed(), Number(1 << 70), Shape((1, 2)), ESCAPE))


def get_positional_embeddings(sequence_length, d):
    return next(results)
