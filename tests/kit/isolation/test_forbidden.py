"""Forbidden calls: found however they are written, paid for by one question, never suspected."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

import psutil
import pytest
import torch
from ruamel.yaml import YAML

from autograder.assignment.config import ConfigError, load
from autograder.isolation.clock import NEVER
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.worker import wire
from autograder.isolation.workers import Worker
from checks.telling.failures import StudentError, WorkerLost
from kit.workbench import FAST, PATIENCE, ROOT, messages

MSA = "class MyMSA(nn.Module):"
BLOCK = "class MyViTBlock(nn.Module):"


@pytest.fixture
def with_attention(submission, assignment):
    """with_attention(made) is the solution whose MyMSA hands over to what `made` makes."""

    def write(made, before=""):
        text = (assignment.solution / "vit.py").read_text()
        start, end = text.index(MSA), text.index(BLOCK)
        msa = f"""{before}

{MSA}
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d // n_heads * n_heads != d:
            raise ValueError("d does not divide")
        self.inner = {made}(d, n_heads, batch_first=True)

    def forward(self, sequences):
        return self.inner(sequences, sequences, sequences)[0]


"""
        return submission(vit=text[:start] + msa + text[end:])

    return write


@pytest.mark.parametrize(
    ("made", "before"),
    [
        ("nn.MultiheadAttention", ""),
        ("torch.nn.modules.activation.MultiheadAttention", ""),
        ("Attention", "from torch.nn import MultiheadAttention as Attention"),
        ("MultiheadAttention", "from torch.nn import *"),
        ("getattr(nn, 'Multi' + 'headAttention')", ""),
        ("n.MultiheadAttention", "import importlib\nn = importlib.import_module('torch.nn')"),
        ("made", "def made(*a, **k):\n    return nn.MultiheadAttention(*a, **k)"),
        ("Own", "class Own(nn.MultiheadAttention):\n    pass"),
        # Python reads names in one form, and so do we.
        ("\uff4en.\U0001d544ultiheadAttention", ""),
        ("Attention", "from torch.nn import \uff2dultiheadAttention as \uff21ttention"),
    ],
)
def test_a_forbidden_call_that_can_be_seen_is_named_with_its_line(
    grader, with_attention, made, before
):
    folder = with_attention(made, before)
    report = grader.grade(folder, FAST)
    assert [question.points for question in report.questions] == [15, 15, 0, 15, 15, 10]
    text = messages(report)
    assert "MultiheadAttention` is not allowed here" in text
    assert "Write the attention yourself" in text
    line = next(word for word in text.split("vit.py, line ")[1].split(":"))
    shown = (folder / "vit.py").read_text().splitlines()[int(line.split(",")[0]) - 1]
    assert "Attention" in shown


@pytest.mark.parametrize(
    "made",
    [
        "vars(nn)[''.join(['Multihead', 'Attention'])]",
        "eval('nn.Multihead' + 'Attention')",
        "eval('nn.\uff2dultiheadAttention')",
        "getattr(nn, __import__('unicodedata').normalize('NFKC', '\uff2dultiheadAttention'))",
    ],
)
def test_a_forbidden_call_that_cannot_be_seen_is_refused_while_it_runs(
    grader, with_attention, made
):
    report = grader.grade(with_attention(made), FAST)
    assert [question.points for question in report.questions] == [15, 15, 0, 15, 15, 10]
    assert "`torch.nn.MultiheadAttention` is not allowed here" in messages(report)
    assert ", in __init__: self.inner = " in messages(report)


def test_a_text_in_another_form_is_no_name_of_anything(grader, with_attention):
    """getattr compares as it is written: what is not seen in the tree is not there, either."""
    report = grader.grade(with_attention("getattr(nn, '\uff2dultiheadAttention')"), FAST)
    assert [question.points for question in report.questions] == [15, 15, 0, 15, 15, 10]
    assert "has no attribute" in messages(report)


def test_graded_names_in_another_form_are_the_graded_ones(grader, submission, edited):
    vit = edited("vit", "def patchify(", "def \uff50atchify(")
    assert grader.grade(submission(vit=vit), ["q1"]).points == 15


def test_it_costs_the_question_it_is_in_and_not_the_accuracy(copied, grader_of, with_attention):
    text = (copied.root / "grading.yml").read_text()
    (copied.root / "grading.yml").write_text(
        text.replace("epochs_at_first: 8", "epochs_at_first: 0").replace("epochs: 14", "epochs: 8")
    )
    folder = with_attention("nn.MultiheadAttention")
    report = grader_of(load(copied.root)).grade(folder, ["q3", "q7"])
    assert [question.points for question in report.questions] == [0, 5]


INNOCENT = '''
# nn.MultiheadAttention would be too easy
"""F.scaled_dot_product_attention(q, k, v) and torch.load("weights.pt")"""
from torch.nn import MultiheadAttention, TransformerEncoderLayer
import torch.nn.functional as F
scaled_dot_product_attention = "my own"
REFERENCE = nn.MultiheadAttention(8, 2)
print(REFERENCE(torch.zeros(3, 1, 8), torch.zeros(3, 1, 8), torch.zeros(3, 1, 8))[0].shape)


def compare(x):
    gathered = F.scaled_dot_product_attention
    return gathered(x, x, x)


compare(torch.zeros(1, 2, 3, 4))
HAS_FLASH = hasattr(F, "scaled_dot_product_attention")


class Timm:
    create_model = staticmethod(lambda: None)


timm = Timm()
timm.create_model()


def compare_with_torch():
    """For myself: is it the same?"""
    return nn.MultiheadAttention(8, 2)


def init(module: nn.MultiheadAttention) -> None:
    assert not isinstance(module, (nn.MultiheadAttention, nn.TransformerEncoder))


class Checked(nn.Module):
    def check(self):
        self.load_state_dict(torch.load("weights.pt"))
        return nn.TransformerEncoderLayer(8, 2)


if __name__ == "__main__":
    print(nn.MultiheadAttention(8, 2), torch.load("weights.pt"))
'''


def test_nothing_that_only_looks_alike_is_suspected(grader, submission, assignment, edited):
    vit = edited("vit", MSA, f"{INNOCENT}\n\n{MSA}")
    for call in ("init(self)", "self.check()"):
        assert call not in vit
    vit = vit.replace("        self.n_heads = n_heads\n", "        self.n_heads = n_heads\n"
                      "        self.check = HAS_FLASH\n        init(self)\n", 1)  # fmt: skip
    assert grader.grade(submission(vit=vit), FAST).points == 95


def test_a_class_of_ones_own_may_be_called_like_torchs(grader, submission, assignment):
    text = (assignment.solution / "vit.py").read_text()
    text = text.replace(MSA, "from torch.nn import *\n\n\nclass MultiheadAttention(nn.Module):")
    text = text.replace(BLOCK, f"MyMSA = MultiheadAttention\n\n\n{BLOCK}")
    assert grader.grade(submission(vit=text), FAST).points == 95


def test_a_helper_costs_every_question_that_uses_it(grader, submission, edited):
    helper = "def loaded():\n    return torch.load('x.pt')\n\n\n"
    vit = edited("vit", "    B, C, H, W = images.shape\n", "    B, C, H, W = images.shape\n"
                 "    if B == 10**9:\n        loaded()\n")  # fmt: skip
    report = grader.grade(submission(vit=vit + "\n\n" + helper), ["q1", "q2"])
    assert [question.points for question in report.questions] == [0, 15]
    assert "Weights are trained here, not handed in." in messages(report)


def test_students_are_told_at_home(tmp_path, with_attention):
    folder = tmp_path / "home"
    shutil.copytree(ROOT / "student", folder)
    shutil.copy(with_attention("nn.MultiheadAttention") / "vit.py", folder / "vit.py")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-k", "q3"], cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert "`nn.MultiheadAttention` is not allowed here" in run.stdout
    assert "visible checks: 0 of" in run.stdout


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"calls": ["torch.load"]}, "`instead` is missing in forbidden.0"),
        ({"calls": [], "instead": "x"}, "`calls` is []"),
        ({"calls": ["torch load"], "instead": "x"}, "'torch load'"),
        ({"call": ["torch.load"], "instead": "x"}, "did you mean `calls`"),
    ],
)
def test_a_mistake_in_the_list_is_told(copied, entry, said):
    yaml, path = YAML(), copied.root / "grading.yml"
    tree = yaml.load(path.read_text())
    tree["forbidden"] = [entry]
    with path.open("w") as file:
        yaml.dump(tree, file)
    with pytest.raises(ConfigError) as raised:
        load(copied.root)
    assert said in str(raised.value)


def test_a_library_that_holds_forbidden_models_may_be_imported(grader, submission, assignment):
    """Its other parts work, its datasets and transforms, and so does a look beside the exercise."""
    vit = (assignment.solution / "vit.py").read_text() + (
        "\nimport torchvision\n"
        "from torchvision import datasets, transforms\n"
        "from torchvision.models import VisionTransformer, vision_transformer\n"
        "import torchvision.models.video, torch.onnx, torch.utils.data\n"
        "grid = torchvision.utils.make_grid(torch.zeros(4, 1, 8, 8))\n"
        "resized = transforms.Resize(4)(grid)\n"
        "theirs = torchvision.models.vit_b_16\n"
    )
    assert grader.grade(submission(vit=vit), FAST).points == 95


def test_no_original_is_left_to_be_called():
    script = ROOT / "tests/kit/isolation/originals.py"
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    looked_for = re.fullmatch(r"(\d+) functions and (\d+) operators looked for\n", run.stdout)
    assert looked_for, run.stdout
    assert int(looked_for[1]) > 50
    assert int(looked_for[2]) > 15


COMPARING = """
REFERENCE = nn.MultiheadAttention(8, 2, batch_first=True)


def compare(x):
    return REFERENCE(x, x, x)[0]


print(compare(torch.zeros(1, 3, 8)))
"""


def test_a_comparison_while_the_file_is_loaded_is_left_out_and_costs_nothing(
    grader, submission, assignment
):
    vit = (assignment.solution / "vit.py").read_text() + COMPARING
    report = grader.grade(submission(vit=vit), FAST)
    assert report.points == 95
    assert any("left out, since loading ended there" in note for note in report.notes)


def test_what_a_comparison_made_is_not_there_for_graded_code(grader, submission, assignment):
    text = (assignment.solution / "vit.py").read_text()
    start, end = text.index(MSA), text.index(BLOCK)
    msa = f"""
made = vars(nn)["Multihead" + "Attention"]
OWN = [made(d, h, batch_first=True) for d, h in ((8, 2), (10, 2))]
REFERENCE = nn.MultiheadAttention(8, 2, batch_first=True)


{MSA}
    def __init__(self, d, n_heads=2):
        super().__init__()
        self.own = OWN[0]

    def forward(self, sequences):
        return OWN[0](sequences, sequences, sequences)[0]


"""
    report = grader.grade(submission(vit=text[:start] + msa + text[end:]), ["q3"])
    assert report.points == 0
    assert "is not allowed here" in messages(report)


def test_a_refusal_that_the_code_hides_is_told_to_the_teacher(grader, submission, assignment):
    text = (assignment.solution / "vit.py").read_text()
    start, end = text.index(MSA), text.index(BLOCK)
    msa = f"""
{MSA}
    def __init__(self, d, n_heads=2):
        super().__init__()

    def forward(self, sequences):
        try:
            mix = getattr(nn.functional, "scaled_dot_product_" + "attention"[:])
            return mix(sequences, sequences, sequences)
        except Exception:
            return sequences


"""
    report = grader.grade(submission(vit=text[:start] + msa + text[end:]), ["q3"])
    line = 1 + (text[:start] + msa).splitlines().index(
        "            return mix(sequences, sequences, sequences)"
    )
    told = f"vit.py, line {line}: torch.nn.functional.scaled_dot_product_attention"
    assert report.facts["refused"] == told
    assert told not in messages(report)


@pytest.fixture
def asked(monkeypatch):
    """What is asked of workers, and with which findings they are started."""
    requests, found = [], []
    ask, start = Worker.ask, ForkServer.start

    def noted(worker, request, *args, **kwargs):
        requests.append(type(request))
        return ask(worker, request, *args, **kwargs)

    def started(server, staged, *args):
        found.append(staged.found)
        return start(server, staged, *args)

    monkeypatch.setattr(Worker, "ask", noted)
    monkeypatch.setattr(ForkServer, "start", started)
    return requests, found


USES_IT = "    nn.functional.scaled_dot_product_attention(*[images] * 3)\n"


@pytest.mark.parametrize(("times", "is_handed_on"), [(1, True), (2000, False)])
def test_files_are_looked_through_once_before_any_of_them_runs(
    grader, submission, edited, asked, times, is_handed_on
):
    """Unless so much is found that each worker had better look for itself."""
    first_line = "    B, C, H, W = images.shape\n"
    vit = edited("vit", first_line, times * USES_IT + first_line)
    report = grader.grade(submission(vit=vit), ["q1", "q2", "q3"])
    assert [question.share for question in report.questions] == [0, 1, 1]
    requests, found = asked
    assert "nn.functional.scaled_dot_product_attention" in messages(report)
    assert requests.count(wire.LookThrough) == 1
    assert requests.index(wire.LookThrough) < requests.index(wire.Load)
    assert found[0] == {}
    assert [set(one) for one in found[1:]] == 2 * [{"vit", "train"} if is_handed_on else set()]


def test_what_cannot_be_looked_through_is_told_when_it_is_loaded(grader, submission, asked):
    report = grader.grade(submission(vit="def patchify(:\n"), ["q1", "q2"])
    assert report.points == 0
    assert "def patchify(:" in messages(report)
    assert asked[0].count(wire.LookThrough) == 1


def test_a_first_worker_that_is_killed_while_it_looks_costs_nothing(
    grader, submission, assignment, monkeypatch
):
    ask = Worker.ask

    def killed(worker, request, *args, **kwargs):
        if isinstance(request, wire.LookThrough):
            os.kill(worker.pid, signal.SIGKILL)
        return ask(worker, request, *args, **kwargs)

    monkeypatch.setattr(Worker, "ask", killed)
    report = grader.grade(assignment.solution, ["q1", "q2"])
    assert report.points == report.max_points


SEEN_IN_ONE = """
from torch import nn


class MyMSA(nn.MultiheadAttention):
    pass


def patchify(images, n_patches):
    attention = getattr(nn, "".join(["Multihead", "Attention"]))(4, 2)
    return attention(*[images.reshape(1, -1, 4)] * 3)[0]
"""


@pytest.fixture
def call(assignment, submission):
    """call(paid_for) is what patchify gives in a worker of one fork server, and call.server is that."""
    with contextlib.closing(ForkServer()) as server:

        def patchify(paid_for, vit=SEEN_IN_ONE):
            staged = Staged(submission(vit=vit), {"vit": "vit.py"}, assignment.forbidden,
                            paid_for=paid_for)  # fmt: skip
            worker, deadline = Worker(server, staged, assignment.settings.limits), NEVER
            try:
                worker.ask(wire.NewTest(1, 10.0), {}, deadline, "the start")
                vit, _ = worker.ask(wire.Load("vit", 10.0), {}, deadline, "import vit")
                packer = wire.Packer()
                args = wire.Items([packer.pack(torch.ones(1, 1, 2, 2)), 1], is_tuple=True)
                request = wire.Call(vit, "patchify", args, wire.Pairs({}))
                return worker.ask(request, packer.tensors, deadline, "patchify(...)")
            finally:
                worker.close()

        patchify.server = server
        yield patchify


def is_refused(call, paid_for=False, vit=SEEN_IN_ONE):
    try:
        call(paid_for, vit)
    except StudentError as error:
        return error.kind == "forbidden"
    return False


def test_a_worker_whose_question_has_paid_comes_from_a_server_that_stays_whole(call):
    for _ in range(2):  # in any order, and again and again
        assert is_refused(call)
        call(paid_for=True)


def test_a_name_that_a_file_is_not_asked_for_pays_for_nothing(call):
    dummy = "def evaluate(model, loader, device):\n    return nn.MultiheadAttention\n"
    seen = "class MyMSA(nn.MultiheadAttention):\n    pass\n"
    assert not is_refused(call, paid_for=True)
    assert is_refused(call, paid_for=True, vit=SEEN_IN_ONE.replace(seen, dummy))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process's children")
def test_where_the_server_that_stays_whole_is_killed_others_take_their_place(call):
    assert is_refused(call)
    [whole] = psutil.Process(call.server._process.pid).children()
    whole.kill()
    with pytest.raises(WorkerLost):  # the grader asks a second time
        call(paid_for=True)
    call(paid_for=True)
    assert is_refused(call)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process's children")
def test_a_server_ends_after_the_one_that_it_has_forked(call):
    """Only then may another grading have its user: this one's workers are gone."""
    assert is_refused(call)
    server = call.server._process
    [whole] = psutil.Process(server.pid).children()
    whole.suspend()
    call.server._control.close()
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(timeout=0.5)
    whole.resume()
    assert server.wait(timeout=PATIENCE) == 0
    assert not psutil.pid_exists(whole.pid)
