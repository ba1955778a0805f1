"""The page for whoever is stuck: each message that it explains is said, word for word."""

import re

import pytest

from kit.student.own_copy import handed_out, solve
from kit.student.test_student_run import run

BROKEN = {
    "vit.py": {
        "permute(0, 2, 4, 1, 3, 5)": "permute(0, 4, 2, 1, 3, 5)",
        "return table.float()": "return [table.float()]",
        "scores.softmax(dim=-1)": "scores.softmax(dim=-1) ** 3",
        "return x + self.mlp(self.norm2(x))": "return (x + self.mlp(self.norm2(x)))[:, 0]",
        "nn.Linear(C * (H // n_patches) * (W // n_patches), d)": "nn.Linear(C * 49, d)",
    },
    "train.py": {
        "    model.train()\n": "    model.train()\n    while True: pass\n",
        "    model.eval()\n": "    model.eval()\n    torch.ones(2, 3).T.view(6)\n",
    },
}


@pytest.fixture(scope="module")
def said(assignment, tmp_path_factory):
    """What is printed of the skeleton's q1, and of a file with a mistake in every question."""
    skeleton = handed_out(assignment, tmp_path_factory.mktemp("skeleton"))
    folder = handed_out(assignment, tmp_path_factory.mktemp("broken"))
    solve(folder, assignment)
    for name, changes in BROKEN.items():
        text = (folder / name).read_text()
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new, 1)
        (folder / name).write_text(text)
    with (folder / "tests" / "test_q7_accuracy.py").open("a") as file:
        file.write("# changed\n")
    parts = (
        run(skeleton, "-k", "q1"),
        run(folder, "-k", "not q6 and not q7"),
        run(folder, "-k", "q6", "--timeout", "3"),
    )
    return "".join(parts)


def test_every_message_that_is_explained_is_said(assignment, said):
    page = (assignment.student / "STUCK.md").read_text()
    explained = re.findall(r"^## `(.+)`$", page, flags=re.M)
    assert len(explained) == 10
    assert [message for message in explained if message not in said] == []


def test_the_page_is_linked_from_the_handout(assignment):
    assert "](STUCK.md)" in (assignment.student / "README.md").read_text()
