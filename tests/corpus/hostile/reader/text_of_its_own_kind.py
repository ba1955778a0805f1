"""Give texts of a class that stays as it is, however it is cut, replaced or encoded.

base: none
earns: 0
wins: a control character arrives in the report
"""
ESCAPE = "\x1b[2J\x1b]0;a title\x07\u202e"


class Stubborn(str):
    def same(self, *args, **kwargs):
        return self

    __getitem__ = __str__ = __repr__ = __format__ = __add__ = __radd__ = same
    replace = translate = strip = expandtabs = join = same

    def isprintable(self):
        return True

    def encode(self, *args, **kwargs):
        return str.encode(ESCAPE)

    def __iter__(self):
        return iter([self])


class Error(Exception):
    def __str__(self):
        return Stubborn(ESCAPE)


def patchify(images, n_patches):
    raise Error(Stubborn(ESCAPE))


def get_positional_embeddings(sequence_length, d):
    return Stubborn(ESCAPE) if d == 4 else {Stubborn(ESCAPE): 1}
