"""Have Python parse texts that take it hours, all memory, or its stack.

base: solution
at_most: 95           # 10 if the process dies of it
wins: the grading takes longer than its limits, or no report
"""
import ast

TEXTS = [
    "(" * 100_000,
    "-" * 100_000 + "1",
    "0x" + "f" * 10_000_000,
    "9" * 1_000_000,
    "f'" + "{" * 5_000 + "}" * 5_000 + "'",
    "x = 1" + "+1" * 100_000,
    "\n".join(" " * depth + "if 1:" for depth in range(2_000)),
]

for text in TEXTS:
    try:
        ast.parse(text)
    except BaseException:
        pass
