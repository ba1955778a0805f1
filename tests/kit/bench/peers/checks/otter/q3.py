"""The three checks of q3, for Otter."""

import torch
from known import attention
from otter.test_files import test_case

OK_FORMAT = False
name = "q3"


@test_case(points=5)
def test_q3_shape(MyMSA):
    assert MyMSA(8, 2)(torch.randn(3, 5, 8)).shape == (3, 5, 8)


@test_case(points=15)
def test_q3_values(MyMSA):
    x, expected, weights = attention()
    msa = MyMSA(10, 2)
    msa.load_state_dict(weights)
    torch.testing.assert_close(msa(x), expected)


@test_case(points=5)
def test_q3_error(MyMSA):
    try:
        MyMSA(9, 2)
    except ValueError:
        return
    raise AssertionError("MyMSA(9, 2) did not raise ValueError")
