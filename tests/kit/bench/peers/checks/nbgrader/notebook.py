# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% nbgrader={"schema_version": 3, "grade_id": "answer", "grade": false, "locked": false, "solution": true, "task": false}
### BEGIN SOLUTION
# The content of vit.py.
### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade_id": "q1-shape", "grade": true, "locked": true, "solution": false, "task": false, "points": 5}
import torch
from known import IMAGES, PATCHES, attention

assert patchify(torch.zeros(3, 1, 28, 28), 7).shape == (3, 49, 16)

# %% nbgrader={"schema_version": 3, "grade_id": "q1-values", "grade": true, "locked": true, "solution": false, "task": false, "points": 5}
torch.testing.assert_close(patchify(IMAGES, 2), PATCHES)

# %% nbgrader={"schema_version": 3, "grade_id": "q1-error", "grade": true, "locked": true, "solution": false, "task": false, "points": 5}
try:
    patchify(torch.zeros(1, 1, 10, 10), 4)
except ValueError:
    pass
else:
    raise AssertionError("patchify(images, 4) did not raise ValueError")

# %% nbgrader={"schema_version": 3, "grade_id": "q3-shape", "grade": true, "locked": true, "solution": false, "task": false, "points": 5}
assert MyMSA(8, 2)(torch.randn(3, 5, 8)).shape == (3, 5, 8)

# %% nbgrader={"schema_version": 3, "grade_id": "q3-values", "grade": true, "locked": true, "solution": false, "task": false, "points": 15}
x, expected, weights = attention()
msa = MyMSA(10, 2)
msa.load_state_dict(weights)
torch.testing.assert_close(msa(x), expected)

# %% nbgrader={"schema_version": 3, "grade_id": "q3-error", "grade": true, "locked": true, "solution": false, "task": false, "points": 5}
try:
    MyMSA(9, 2)
except ValueError:
    pass
else:
    raise AssertionError("MyMSA(9, 2) did not raise ValueError")
