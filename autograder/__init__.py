"""The assignment kit: grade submissions, generate the handout, prove that both fit."""

__version__ = "0.1.0"
