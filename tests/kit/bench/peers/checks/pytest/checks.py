"""The three checks of q1 and of q3, for plain pytest: vit.py lies beside this file."""

import pytest
import torch
from known import IMAGES, PATCHES, attention
from vit import MyMSA, patchify


def test_q1_shape():
    assert patchify(torch.zeros(3, 1, 28, 28), 7).shape == (3, 49, 16)


def test_q1_values():
    torch.testing.assert_close(patchify(IMAGES, 2), PATCHES)


def test_q1_error():
    with pytest.raises(ValueError):
        patchify(torch.zeros(1, 1, 10, 10), 4)


def test_q3_shape():
    assert MyMSA(8, 2)(torch.randn(3, 5, 8)).shape == (3, 5, 8)


def test_q3_values():
    x, expected, weights = attention()
    msa = MyMSA(10, 2)
    msa.load_state_dict(weights)
    torch.testing.assert_close(msa(x), expected)


def test_q3_error():
    with pytest.raises(ValueError):
        MyMSA(9, 2)
