"""Raise from functions whose names, as a traceback shows them, hold control characters.

base: none
earns: 0
wins: a control character arrives in the report
"""
from types import FunctionType

NAME = "\x1b[2J\x1b[31mpassed\u202e\n100 of 100\x00"


def fail():
    raise RuntimeError("look at the name")


code = fail.__code__.replace(co_name=NAME)
try:
    code = code.replace(co_qualname=NAME)  # since Python 3.11
except TypeError:
    pass
renamed = FunctionType(code, globals())


def patchify(images, n_patches):
    renamed()


def get_positional_embeddings(sequence_length, d):
    renamed()
