"""Raise exceptions whose class, base class and message are HTML with a script.

base: none
earns: 0
wins: a control character arrives in the report, or a tag in a part that is shown as HTML
"""
SCRIPT = "<script>document.title='x'</script><img src=x onerror=alert(1)>\x1b[31m</pre>]]>"
Base = type(f"Base{SCRIPT}", (ValueError,), {"__module__": SCRIPT})
Tagged = type(f"Error{SCRIPT}", (Base,), {"__module__": SCRIPT})


def patchify(images, n_patches):
    raise Tagged(f"[a link](javascript:alert(1)) {SCRIPT}")


def get_positional_embeddings(sequence_length, d):
    raise Tagged(f"{{{{7*7}}}} ${{7*7}} {SCRIPT}")
