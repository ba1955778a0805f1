"""Replace isinstance, len, all, open, print and the exceptions for everybody in its process.

base: skeleton
earns: 0
wins: points without code, or no report
"""
import builtins

REPLACED = {
    "isinstance": lambda *_: True,
    "issubclass": lambda *_: True,
    "hasattr": lambda *_: True,
    "len": lambda *_: 1,
    "all": lambda *_: True,
    "any": lambda *_: True,
    "abs": lambda *_: 0,
    "open": lambda *_, **__: None,
    "AssertionError": Warning,
    "NotImplementedError": StopIteration,
}
for name, value in REPLACED.items():
    setattr(builtins, name, value)
