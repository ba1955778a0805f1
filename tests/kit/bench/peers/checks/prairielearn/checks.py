"""The three checks of q1 and of q3, for PrairieLearn's pytest plugin.

Arrays come back from the sandbox, tensors do not: trailing_code.py turns them into arrays there.
"""

import numpy as np
import pytest
import torch
from known import IMAGES, PATCHES, attention
from pytest_prairielearn_grader import ConfigObject

autograder_config = ConfigObject(
    sandbox_timeout=60.0,
    output_level="friendly",
    builtin_whitelist=["super"],  # beside those that are there without saying
)


@pytest.mark.grading_data(name="q1: shape", points=5)
def test_q1_shape(module_sandbox):
    images = torch.zeros(3, 1, 28, 28)
    assert module_sandbox.query_function("patches", images, 7).shape == (3, 49, 16)


@pytest.mark.grading_data(name="q1: values", points=5)
def test_q1_values(module_sandbox):
    np.testing.assert_allclose(module_sandbox.query_function("patches", IMAGES, 2), PATCHES)


@pytest.mark.grading_data(name="q1: error", points=5)
def test_q1_error(module_sandbox):
    answer = module_sandbox.query_function_raw("patches", torch.zeros(1, 1, 10, 10), 4)
    assert answer["exception_name"] == "ValueError"


@pytest.mark.grading_data(name="q3: shape", points=5)
def test_q3_shape(module_sandbox):
    _, _, weights = attention(8)
    x = torch.randn(3, 5, 8)
    assert module_sandbox.query_function("attend", 8, 2, weights, x).shape == (3, 5, 8)


@pytest.mark.grading_data(name="q3: values", points=15)
def test_q3_values(module_sandbox):
    x, expected, weights = attention()
    result = module_sandbox.query_function("attend", 10, 2, weights, x)
    np.testing.assert_allclose(result, expected, rtol=1.3e-6, atol=1e-5)


@pytest.mark.grading_data(name="q3: error", points=5)
def test_q3_error(module_sandbox):
    assert module_sandbox.query_function_raw("MyMSA", 9, 2)["exception_name"] == "ValueError"
