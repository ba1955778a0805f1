"""Raise messages that a spreadsheet would run as formulas, and that would break a row in two.

base: skeleton
earns: 0
wins: a control character arrives in the report, or a cell of a table begins with a formula
"""
CELLS = ["=cmd|' /C calc'!A0", "+1+1", "-1-1", "@SUM(1,1)", '=HYPERLINK("http://a.org","1")']

raise RuntimeError("=1+1" + "".join(f'\t{cell}\r\n",{cell},"\x00' for cell in CELLS))
