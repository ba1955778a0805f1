"""Code that cannot be run, or does something else than asked: each has a message of its own."""

import sys

import pytest

from checks.telling.wording import Verdict
from kit.workbench import FAST, messages

STUB = "def patchify(images, n_patches):\n    "


def said(grader, folder, only=("q1",)):
    """Return the whole text of a report, and check that nothing in it is our fault."""
    report = grader.grade(folder, list(only))
    text = messages(report)
    assert not report.our_fault, [o.details for q in report.questions for o in q.outcomes]
    assert report.max_points == sum(grader.assignment.questions[q].points for q in only)
    return text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "vit.py is empty."),
        (b"  \n\n", "vit.py is empty."),
        (b"x = (1,\n", "vit.py, line 1: '(' was never closed."),
        (b"def f():\nreturn 1\n", "vit.py, line 2: expected an indented block"),
        (b"# caf\xe9\n", "vit.py, line 1: byte 0xe9 is not UTF-8 text."),
        (b"x = 1\n\x00", "Nothing in this file could be tested"),
        (b"import torhc\n", "ModuleNotFoundError: No module named 'torhc'"),
        (b"x = 1\ny = x / 0\n", "at        vit.py, line 2, in <module>: y = x / 0"),
        (b"import sys\nsys.exit(0)\n", "vit.py ended the program while it was being loaded"),
        (b"exit()\n", "vit.py ended the program while it was being loaded"),
        (b"import os\nos._exit(0)\n", "vit.py died while it was being loaded"),
        (b"name = input('your name? ')\n", "Nobody types while this runs"),
        (b"raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        (b"(" * 5000, "Nothing in this file could be tested"),
    ],
)
def test_a_file_that_cannot_be_loaded(grader, submission, content, expected):
    text = said(grader, submission(vit=content), FAST[:5])
    assert expected in text


DEMOS = [
    "model = LightViT((1, 1, 28, 28)).to('cuda')\nprint(model(torch.zeros(1, 1, 28, 28)))",
    "get_ipython().run_line_magic('matplotlib', 'inline')",
    "digits = torch.load('digits.pt')",
    "from google.colab import drive\ndrive.mount('/content')",
    "for images, labels in loader:\n    break",
    "raise SystemExit",
]


@pytest.mark.parametrize("demo", DEMOS)
def test_a_demo_that_fails_takes_nothing_with_it(grader, submission, assignment, demo):
    vit = (assignment.solution / "vit.py").read_text()
    last = len(vit.splitlines()) + 1
    report = grader.grade(submission(vit=f"{vit}{demo}\n"), FAST)
    assert report.points == 95
    assert report.notes[0].startswith(f"vit.py, line{'s' * (demo[:3] == 'for')} {last}")
    assert "left out, since loading ended there with" in report.notes[0]


def test_an_import_that_is_missing_costs_the_questions_that_use_it(grader, submission, edited):
    vit = edited("vit", "        scores = q @ k", "        scores = helpers.product(q, k)\n"
                 "        scores = q @ k")  # fmt: skip
    report = grader.grade(submission(vit=f"import helpers\n{vit}"), FAST)
    assert [question.points for question in report.questions] == [15, 15, 2, 15, 15, 10]
    assert report.notes == ()
    text = messages(report)
    assert "ModuleNotFoundError: No module named 'helpers'" in text
    assert "Only vit.py and train.py are read" in text


@pytest.mark.parametrize(
    "added", ["TOTAL = " + " + ".join(["1"] * 2000), "if 1: pass\n" + "elif 1: pass\n" * 900]
)
def test_what_is_deeply_nested_is_never_our_fault(grader, submission, assignment, added):
    vit = (assignment.solution / "vit.py").read_text()
    report = grader.grade(submission(vit=f"{vit}{added}\n"), FAST)
    assert not report.our_fault
    assert report.points == 95 or "Python cannot read this file" in messages(report)


def test_a_class_that_cannot_be_made_costs_its_own_question(grader, submission, edited):
    vit = edited("vit", "class MyMSA(nn.Module):", "class MyMSA(nn.Modul):")
    report = grader.grade(submission(vit=vit), FAST)
    assert [question.points for question in report.questions] == [15, 15, 0, 15, 15, 10]
    assert "module 'torch.nn' has no attribute 'Modul'" in messages(report)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="that Python knows it")
def test_what_is_written_for_a_newer_python_is_told(grader, submission):
    text = said(grader, submission(vit="type Table = list[float]\n"))
    assert "this is written for Python 3.12; the grader reads Python 3.1" in text


def test_a_syntax_error_is_told_once_and_spares_train_py(grader, submission):
    report = grader.grade(submission(vit="def f(:\n"), FAST)
    assert [question.points for question in report.questions] == [0, 0, 0, 0, 0, 10]
    assert messages(report).count("vit.py, line 1") == 1
    assert all(o.verdict is Verdict.NOT_REACHED for q in report.questions[:5] for o in q.outcomes)


def test_an_endless_loop_at_import_is_stopped_once(limited, submission):
    impatient = limited(seconds_per_test=3.0)
    report = impatient.grade(submission(vit="while True:\n    pass\n"), FAST)
    assert "vit.py was stopped after running too long" in messages(report)
    assert [question.points for question in report.questions] == [0] * 5 + [10]
    for vit in ("import os\nos._exit(0)", "while True: pass"):
        assert impatient.grade(submission(vit=vit), ["q6"]).points == 10


def test_an_endless_loop_costs_its_own_test(limited, submission, edited):
    vit = edited("vit", "    B, C, H, W = images.shape\n", "    while images.shape[1] > 1: pass\n"
                 "    B, C, H, W = images.shape\n")  # fmt: skip
    report = limited(seconds_per_test=3.0).grade(submission(vit=vit), ["q1", "q2"])
    assert [question.points for question in report.questions] == [13, 15]
    assert "ran too long" in messages(report)
    assert "patchify(<tensor (1, 2, 4, 4)>" in messages(report)


def test_a_crash_costs_its_own_test(grader, submission, edited):
    vit = edited("vit", "    B, C, H, W = images.shape\n", "    import os\n"
                 "    if images.shape[1] > 1: os.kill(os.getpid(), 11)\n"
                 "    B, C, H, W = images.shape\n")  # fmt: skip
    report = grader.grade(submission(vit=vit), ["q1", "q2"])
    assert [question.points for question in report.questions] == [13, 15]
    assert "was ended by the signal SIGSEGV" in messages(report)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return None", "got       None\n\nIs there a `return`?"),
        ("return [1, 2]", "got       a list of 2 items"),
        ("return images.numpy()", "got       a numpy.ndarray of shape (1, 1, 1, 1)"),
        ("return 3", "got       the int '3'"),
        ("return images", "got       one of shape (1, 1, 1, 1)"),
        ("return images.reshape(1, n_patches**2, -1) * float('nan')", "got       nan"),
        ("return images.to('meta')", "a tensor without numbers, on the meta device"),
        ("return images.to_sparse()", "a tensor of layout torch.sparse_coo"),
        ("return (x for x in images)", "got       a generator"),
        ("return images.reshape(7, 7)", "RuntimeError: shape '[7, 7]' is invalid"),
        ("raise SystemExit", "exit() and quit() end the whole program"),
        ("raise NotImplementedError('later')", "NotImplementedError: later"),
    ],
)
def test_a_result_that_is_none(grader, submission, body, expected):
    assert expected in said(grader, submission(vit=STUB + body))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x = 1\n", "vit.py has no `patchify`."),
        ("def Patchify(i, n): pass\n", "It defines: Patchify. Names are case sensitive."),
        ("patchify = [1]\n", "`patchify` in vit.py is a list of 1 item. It must be a function"),
        ("def patchify(images): return images\n", "The call does not fit your signature."),
        ("def patchify(): return 1\n", "takes 0 positional arguments but 2 were given"),
    ],
)
def test_a_name_that_is_missing_or_does_not_fit(grader, submission, content, expected):
    assert expected in said(grader, submission(vit=content))


def test_a_long_traceback_shows_its_ends(grader, submission):
    vit = STUB + "return patchify(images, n_patches + 1)"
    text = said(grader, submission(vit=vit))
    assert "RecursionError" in text
    assert text.count("vit.py, line 2, in patchify") < 100


def test_a_stub_is_not_started_and_never_wrong(grader, assignment):
    report = grader.grade(assignment.student, FAST)
    assert {question.verdict.value for question in report.questions} == {"not started"}
    assert "vit.py still raises TODO q3 in MyMSA.__init__." in messages(report)


def test_an_unfinished_question_costs_only_itself(grader, submission, edited):
    vit = edited("vit", '        scores = q @ k', '        raise NotImplementedError("TODO q3")\n'
                 "        scores = q @ k")  # fmt: skip
    report = grader.grade(submission(vit=vit), FAST)
    # The shape of an error (d that does not divide) is already there.
    assert [question.points for question in report.questions] == [15, 15, 2, 15, 15, 10]


@pytest.mark.parametrize(
    "raised",
    [
        "NotImplementedError('TODO q04')",
        "NotImplementedError('TODO q3')",
        "NotImplementedError('TODO q1: later')",
        "NotImplementedError('TODO ' + 'q1')",
        "ValueError('TODO q1')",
    ],
)
def test_what_only_looks_like_a_stub_has_failed(grader, submission, raised):
    report = grader.grade(submission(vit=f"{STUB}raise {raised}"), ["q1"])
    assert report.questions[0].verdict is Verdict.FAILED
    assert Verdict.NOT_STARTED not in {o.verdict for o in report.questions[0].outcomes}


def test_prints_threads_and_changed_globals_do_no_harm(grader, submission, assignment):
    vit = (assignment.solution / "vit.py").read_text() + (
        "\nprint('x' * 100000)\nimport sys, warnings, threading\n"
        "sys.stderr.write('y' * 100000)\nwarnings.warn('careful')\n"
        "threading.Thread(target=lambda: None).start()\n"
        "torch.set_default_dtype(torch.float32)\nsys.setrecursionlimit(5000)\n"
    )
    assert grader.grade(submission(vit=vit), FAST).points == 95


RESULTS = {
    "q1": "    return patches.reshape(B, n_patches**2, C * h * w)",
    "q2": "    return table.float()",
    "q3": "        return self.out_map(side_by_side)",
    "q4": "        return x + self.mlp(self.norm2(x))",
    "q5": "        return self.classifier(tokens[:, 0])",
}


@pytest.mark.parametrize(
    "spoil",
    [
        *("None", "({},)", "({})[..., :1]", "({}).sum()", "({}).mT", "({})[0]", "({}).bool()"),
        *("({}) * float('nan')", "({}) / 0", "({}).to(torch.complex64)", "torch.zeros(0)"),
    ],
)
def test_a_result_of_the_wrong_kind_is_never_our_fault(grader, submission, assignment, spoil):
    vit = (assignment.solution / "vit.py").read_text()
    for line in RESULTS.values():
        assert vit.count(line) == 1
        start, expression = line.split("return ")
        vit = vit.replace(line, f"{start}return {spoil.format(expression)}")
    report = grader.grade(submission(vit=vit), list(RESULTS), seed=1)
    details = [outcome.details for question in report.questions for outcome in question.outcomes]
    assert not report.our_fault, details
    assert not [said for said in details if "Traceback" in said]  # each has words of its own
    assert all(question.share < 1 for question in report.questions)


@pytest.mark.parametrize("value", ["None", "(total / seen,)", "[total]", "'0.5'", "loss", "{}"])
def test_a_loss_of_the_wrong_kind_is_never_our_fault(grader, submission, edited, value):
    train = edited("train", "return total / seen", f"return {value}")
    report = grader.grade(submission(train=train), ["q6"], seed=1)
    assert not report.our_fault
    assert report.points < 10
