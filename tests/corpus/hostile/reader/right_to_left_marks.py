"""Turn the direction of writing around, and hide characters, in a message and in names.

base: none
earns: 0
wins: a bidi mark or an invisible character arrives in the report
"""
MARKS = "\u202e001 fo 001\u202c \u2066\u2067\u2068\u2069 \u200b\u200e\u200f\u2060\ufeff\U000e0041"
Turned = type(f"Error{MARKS}", (RuntimeError,), {})


def patchify(images, n_patches):
    raise Turned(f"{MARKS}\u2028a new line\u2029a new paragraph\x85and another\u061c")


def get_positional_embeddings(sequence_length, d):
    return MARKS
