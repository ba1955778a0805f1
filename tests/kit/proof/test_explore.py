"""Files that nobody wrote: right fragments, an oracle that can fail, files that a seed repeats."""

import ast
from collections import defaultdict

import pytest

from autograder.assignment.config import load
from autograder.errors import KitError
from autograder.proof.explore import composing, judging, mutating, records, running
from checks.code.contract import NAMES
from kit.conftest import OneAtATime
from kit.workbench import ROOT, proof, run

KIT = load(ROOT)
ALL = [fragment for some in composing.fragments(KIT).values() for fragment in some]
ORACLE = KIT.tests / judging.ORACLE
FILE = {piece: file for file, names in NAMES.items() for piece in names}

# One place of a fragment, and what is wrong there instead.
WRONG = [
    ("patchify", "two_transposes", ".transpose(3, 4)", ""),
    ("patchify", "loops_append", "raise ValueError(", "raise TypeError("),
    ("patchify", "filled_zeros", "dtype=images.dtype, ", ""),
    ("patchify", "divmod_slices", "col * w + w]", "col * h + w]"),
    ("get_positional_embeddings", "div_term", "[:, : d // 2]", ""),
    ("get_positional_embeddings", "double_loop", "(j - 1) / d", "j / d"),
    ("get_positional_embeddings", "numpy_table", ".astype(np.float32)", ""),
    ("MyMSA", "fused_qkv", "k.size(-1)", "d"),
    ("MyMSA", "three_layers_no_output", "Softmax(dim=-1)", "Softmax(dim=-2)"),
    ("MyMSA", "linears_per_head", "self.k_maps = nn.ModuleList(", "self.k_maps = list("),
    ("MyMSA", "own_softmax", "scores = scores - scores.max(dim=-1, keepdim=True).values", "pass"),
    ("MyMSA", "raw_matrices", '"bqhe,bkhe->bhqk", q, k', '"bqhe,bkhe->bhqk", q, q'),
    ("MyViTBlock", "sequential_mlp", "nn.GELU()", "nn.ReLU()"),
    ("MyViTBlock", "sequential_mlp", "self.mlp(self.norm2(out))", "self.mlp(self.norm1(out))"),
    ("MyViTBlock", "named_parts", "residual = x\n        x = self.layer_norm_2",
     "x = self.layer_norm_2"),
    ("MyViTBlock", "functional_gelu", "x = x + self.attn", "x += self.attn"),
    ("MyViTBlock", "raw_parameters", "self.w1 = nn.Parameter(", "self.w1 = ("),
    ("LightViT", "buffer", 'self.register_buffer("pe", ', 'setattr(self, "pe", '),
    ("LightViT", "recomputed_table", "nn.Parameter(torch.zeros(d))", "nn.Buffer(torch.zeros(d))"),
    ("LightViT", "buffer", "x[:, 0]", "x[:, -1]"),
    ("LightViT", "frozen_parameter", "requires_grad = False", "requires_grad = True"),
    ("LightViT", "recomputed_table", "self.blocks.append(MyViTBlock(d, n_heads))",
     "self.blocks.append(self.blocks[0] if self.blocks else MyViTBlock(d, n_heads))"),
    ("train_one_epoch", "images_counted", "optimizer.zero_grad()", "pass"),
    ("train_one_epoch", "cleared_at_the_end", "    optimizer.zero_grad()\n    loss_sum", "    loss_sum"),
    ("train_one_epoch", "len_loader", "model.train()", "pass"),
    ("train_one_epoch", "list_of_losses", "labels.to(device)", "labels"),
    ("evaluate", "argmax", "len(images)", "len(loader)"),
    ("evaluate", "max_of_data", "@torch.no_grad()\n", ""),
    ("evaluate", "topk", "model.eval()", "model.train()"),
]  # fmt: skip


def judged(fragment, code):
    """Judge a fragment with other code; all other pieces are right."""
    chosen = {one.piece: one for one in reversed(ALL)}
    chosen[fragment.piece] = composing.Fragment(fragment.piece, fragment.name, code, "")
    sources = composing.sources(KIT, chosen.values())
    return judging.judge(ORACLE, fragment.piece, FILE[fragment.piece], sources, fragment.text)


@pytest.mark.parametrize("fragment", ALL, ids=lambda one: f"{one.piece}-{one.name}")
def test_a_fragment_keeps_the_contract(fragment):
    assert judged(fragment, fragment.code) == judging.Verdict(judging.KEEPS)


@pytest.mark.parametrize(("piece", "name", "old", "new"), WRONG)
def test_the_oracle_sees_what_is_wrong(piece, name, old, new):
    fragment = next(one for one in ALL if (one.piece, one.name) == (piece, name))
    assert fragment.code.count(old) == 1
    verdict = judged(fragment, fragment.code.replace(old, new))
    assert verdict.verdict == judging.BREAKS, verdict


def test_the_oracle_knows_roles_that_are_exchanged_as_right():
    fragment = next(one for one in ALL if one.name == "fused_qkv")
    assert (
        judged(fragment, fragment.code.replace("q, k, v = self", "k, v, q = self")).verdict
        == judging.KEEPS
    )


def test_the_oracle_leaves_signs_undecided():
    fragment = next(one for one in ALL if one.name == "token_loop")
    code = fragment.code.replace("token + self.contract", "token - self.contract")
    assert judged(fragment, code).verdict == judging.UNDECIDED


def test_there_are_ten_ways_to_write_each_piece():
    for piece, some in composing.fragments(KIT).items():
        assert len(some) >= 10, piece
        assert len({one.code for one in some}) == len(some), piece
        assert all(ast.get_docstring(ast.parse(one.text)) for one in some)


def test_fragments_can_stand_in_one_file():
    """A name that is imported means the same in all of them; what they define has one owner."""
    imported, defined = defaultdict(set), defaultdict(set)
    for fragment in ALL:
        for node in ast.parse(fragment.code).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                origin = getattr(node, "module", None)
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    meant = (origin, alias.name)
                    if meant in {(None, "torch.nn"), ("torch", "nn")}:
                        meant = "torch.nn"
                    imported[name].add(meant)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name not in FILE:
                defined[node.name].add(fragment)
    assert {name: some for name, some in {**imported, **defined}.items() if len(some) > 1} == {}
    assert not set(imported) & set(defined)


def test_a_seed_gives_the_same_files_whatever_came_before():
    first = [composing.compose(KIT, 7, number) for number in range(12)]
    assert [composing.compose(KIT, 7, number) for number in reversed(range(12))] == first[::-1]
    assert composing.compose(KIT, 8, 0) != first[0]
    for one in first:
        assert bool(one.piece) == bool(one.mutation) == bool(one.diff)


def test_a_mutant_differs_in_one_place_and_compiles():
    mutants = list(mutating.mutants("def f(x, dim=1):\n    y = x.sum(dim)\n    return y + 2\n"))
    assert len({one.code for one in mutants}) > 10
    assert any("x.mean(dim)" in one.code for one in mutants)
    for one in mutants:
        compile(one.code, "mutant", "exec")


def test_what_never_ends_breaks_the_contract(monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 1.0)
    one = composing.compose(KIT, 1, 0)
    endless = composing.Composed(
        0, one.fragments, {"vit.py": "while True: pass", "train.py": ""}, "patchify"
    )
    with judging.Oracle(KIT) as oracle:
        assert oracle.judge(endless) == judging.Verdict(judging.BREAKS, "it never ends")


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, grader):
    graded = []

    class Counting(OneAtATime):
        def grade(self, jobs):
            for job, report in super().grade(jobs):
                graded.append(job.name)
                yield job, report

    monkeypatch.setattr(running, "Pool", lambda *_: Counting(grader))
    book = tmp_path / "explored.jsonl"
    running.explore(KIT, 3, 2, book)
    whole = book.read_bytes()
    book.write_bytes(whole + b'{"seed": 3, "numb')
    before = list(graded)
    found = running.explore(KIT, 3, 4, book)
    assert [one.number for one in found] == [0, 1, 2, 3]
    assert book.read_bytes().startswith(whole)
    assert len(book.read_bytes().splitlines()) == 4
    assert not set(before) & set(graded[len(before) :])
    assert list(records.read(book, 3, "another kit")) == []


def test_a_file_that_is_no_book_is_left_alone(tmp_path):
    book = tmp_path / "notes.txt"
    book.write_text("buy milk\n")
    with pytest.raises(KitError, match="line 1: it is no record"):
        running.explore(KIT, 3, 1, book)
    assert book.read_text() == "buy milk\n"


def test_one_file_is_written_to_be_looked_at(tmp_path):
    composed = composing.compose(KIT, 7, 5)
    result = run("explore", "--seed", 7, "--number", 5, "--write", tmp_path)
    assert result.returncode == 0
    assert composed.diff in result.stdout
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == composed.sources


@proof
def test_no_right_file_loses_and_no_wrong_one_is_free(tmp_path):
    found = running.explore(KIT, 20, 100, tmp_path / "explored.jsonl")
    assert [one for one in found if one.false_fail or one.survives or one.elsewhere] == []
