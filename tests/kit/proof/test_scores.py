"""The scores on files that nobody wrote are kept by seed."""

from autograder.proof.explore import scores
from autograder.proof.explore.records import Record
from autograder.proof.explore.scores import Score


def record(number, verdict, law="", lost=(), piece="patchify"):
    return Record(
        seed=4, number=number, kit="", fragments={}, piece=piece, question="q1" if piece else "",
        mutation="", diff="", verdict=verdict, law=law, lost={name: ["a test"] for name in lost},
    )  # fmt: skip


def test_what_became_of_files_is_counted():
    score = scores.score([
        record(0, "keeps", piece=""),
        record(1, "keeps", lost=["q1"]),
        record(2, "breaks", "the shape is kept", ["q1"]),
        record(3, "breaks", "values raises IndexError: 3", ["q1", "q5"]),
        record(4, "breaks", "the file cannot be loaded: NameError", ["q1", "q2"]),
        record(5, "breaks", "the shape is kept"),
        record(6, "undecided"),
    ])  # fmt: skip
    counted = (score.files, score.right, score.false_fails, score.wrong, score.subtle)
    assert counted == (7, 2, 1, 4, 2)
    assert (score.free, score.elsewhere, score.undecided) == (1, 1, 1)


def test_a_score_takes_the_place_of_an_earlier_one_of_its_seed(tmp_path):
    (tmp_path / scores.FILE).parent.mkdir(parents=True)
    assert scores.read(tmp_path) == []
    for seed, wrong in ((2, 5), (1, 7), (2, 6)):
        scores.keep(tmp_path, Score(seed=seed, date="", files=9, right=3, false_fails=0, wrong=wrong,
                                      subtle=2, free=0, elsewhere=0, undecided=0))  # fmt: skip
    assert [(one.seed, one.wrong) for one in scores.read(tmp_path)] == [(1, 7), (2, 6)]
