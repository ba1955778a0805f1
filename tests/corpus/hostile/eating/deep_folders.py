"""Make folders inside each other, three thousand deep, for whoever cleans up to recurse into.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: no report, or the scratch folder cannot be removed
"""
import os

start = os.getcwd()
try:
    for _ in range(3000):
        os.mkdir("a-folder-with-a-name-that-makes-the-path-longer-than-any-path-may-be")
        os.chdir("a-folder-with-a-name-that-makes-the-path-longer-than-any-path-may-be")
except BaseException:
    pass
os.chdir(start)
