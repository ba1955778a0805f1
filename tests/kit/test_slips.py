"""Known mistakes, each one edit of the solution: they cost their own question, and name themselves."""

import pytest
from conftest import FAST, messages

SLIPS = [
    # question, file, what stands in the solution, what stands there instead, what the message says
    ("q1", "vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)", "down the columns first"),
    ("q1", "vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 1, 5, 3)", "inside a patch run down"),
    (
        "q1",
        "vit",
        "    grid = images.reshape(B, C, n_patches, h, n_patches, w)",
        "    return images.reshape(B, n_patches**2, -1)\n"
        "    grid = images.reshape(B, C, n_patches, h, n_patches, w)",
        "strips of pixels",
    ),
    (
        "q1",
        "vit",
        "reshape(B, C, n_patches, h, n_patches, w)  # (B, C, row, h, col, w)",
        "reshape(B, C, h, n_patches, w, n_patches).permute(0, 1, 3, 2, 5, 4)",
        "takes each second pixel",
    ),
    ("q1", "vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 3, 5, 1)", None),
    (
        "q1",
        "vit",
        "    if H % n_patches or W % n_patches:\n        raise ValueError",
        "    if H % n_patches or W % n_patches:\n        raise AssertionError",
        "`assert` raises AssertionError",
    ),
    ("q2", "vit", "column % 2 == 0", "column % 2 == 1", "sine and cosine are swapped"),
    ("q2", "vit", "10000 ** (pair_start / d)", "10000 ** (2 * pair_start / d)", "exponent is doubled"),
    ("q2", "vit", "(pair_start / d)", "(column / d)", "use their own number instead of their pair's"),
    ("q2", "vit", "(pair_start / d)", "(pair_start // d)", "all columns have the same frequency"),
    ("q2", "vit", "return table.float()", "return table.float()[None]", "batch axis in front"),
    ("q3", "vit", " / math.sqrt(d_head)", "", "not divided by sqrt(d_head)"),
    ("q3", "vit", "/ math.sqrt(d_head)", "/ math.sqrt(d)", "divided by sqrt(d) instead"),
    ("q3", "vit", "/ math.sqrt(d_head)", "/ d_head", "divided by d_head instead of its root"),
    ("q3", "vit", "softmax(dim=-1)", "softmax(dim=-2)", "over the queries"),
    ("q3", "vit", "scores.softmax(dim=-1)", "scores", "Already with equal tokens they differ"),
    ("q3", "vit", "heads(self.k_map(sequences))", "heads(self.q_map(sequences))", "three distinct maps"),
    (
        "q3",
        "vit",
        "x.reshape(B, N, self.n_heads, d_head).transpose(1, 2)",
        "x.reshape(B, self.n_heads, N, d_head)",
        "Already with equal tokens they differ",
    ),
    (
        "q4",
        "vit",
        "x = x + self.msa(self.norm1(x))",
        "x = self.msa(self.norm1(x))",
        "a skip connection is missing",
    ),
    ("q4", "vit", "x + self.msa(self.norm1(x))", "x + self.msa(x)", "the norm comes before"),
    ("q4", "vit", "nn.GELU()", "nn.ReLU()", "ReLU instead of GELU"),
    ("q4", "vit", "nn.GELU()", "nn.Identity()", "no activation between"),
    ("q4", "vit", "self.mlp(self.norm2(x))", "self.mlp(self.norm1(x))", "first norm is used twice"),
    ("q5", "vit", "self.classifier(tokens[:, 0])", "self.classifier(tokens[:, 0]).softmax(-1)",
     "the result of a softmax"),
    ("q5", "vit", "self.classifier(tokens[:, 0])", "self.classifier(tokens)",
     "every token is classified"),
    ("q5", "vit", "[class_token, tokens]", "[tokens, class_token]", "stands behind the patches"),
    ("q5", "vit", "            tokens = block(tokens)", "            block(tokens)", "x = block(x)"),
    (
        "q5",
        "vit",
        "nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])",
        "nn.ModuleList([MyViTBlock(d, n_heads)] * n_blocks)",
        "repeats one block",
    ),
    (
        "q5",
        "vit",
        "nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])",
        "[MyViTBlock(d, n_heads) for _ in range(n_blocks)]",
        "plain Python list",
    ),
    ("q5", "vit", 'self.register_buffer("positions", ', "self.positions = (", None),
    ("q6", "train", "        optimizer.zero_grad()\n", "", "gradients pile up"),
    ("q6", "train", "        optimizer.step()\n", "", "no step is taken"),
    ("q6", "train", "total += loss.item() * len(labels)", "total += loss.item(); seen = 1 - len(labels)", "summed up, not averaged"),
    ("q6", "train", "return correct / seen", "return 100 * correct / seen", "a percentage"),
    ("q6", "train", "return correct / seen", "return correct / len(loader)", "number of batches"),
    ("q6", "train", "    model.train()\n", "", "Call model.train() first"),
    ("q6", "train", "    model.eval()\n    correct", "    correct", "Call model.eval() first"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "file", "old", "new", "said"), SLIPS)
def test_a_slip_costs_its_own_question(grader, submission, edited, question, file, old, new, said):
    report = grader.grade(submission(**{file: edited(file, old, new)}), FAST, seed=11)
    lost = {q.id for q in report.questions if q.share < 1}
    assert lost == {question}
    assert not report.our_fault
    if said is not None:
        assert said in messages(report)


def test_every_question_has_named_slips():
    for question in FAST:
        assert sum(slip[0] == question and slip[4] is not None for slip in SLIPS) >= 3


def test_a_different_mistake_gets_no_wrong_name(grader, submission, edited):
    vit = edited("vit", "/ math.sqrt(d_head)", "/ (math.sqrt(d_head) + 0.3)")
    text = messages(grader.grade(submission(vit=vit), ["q3"], seed=3))
    assert "other numbers, whichever of your weights" in text
    assert "These are exactly" not in text
