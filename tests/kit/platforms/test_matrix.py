"""The same five submissions have the same points everywhere: each graded as the platform does it.

A platform has a module here, whose there(archive, place) yields what grades one submission with the
zip that was built, and returns its points by question.
"""

import pytest

from autograder.platforms import build
from kit.platforms import (
    as_autolab,
    as_classroom,
    as_docker,
    as_gradescope,
    as_nbgrader,
    as_otter,
    as_prairielearn,
)
from kit.workbench import proof

PLATFORMS = {
    "gradescope": as_gradescope.there,
    "otter": as_otter.there,
    "prairielearn": as_prairielearn.there,
    "autolab": as_autolab.there,
    "classroom": as_classroom.there,
    "docker": as_docker.there,
    "nbgrader": as_nbgrader.there,
}


@proof
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_points_on(platform, quick_kit, submissions, wanted, tmp_path):
    [built] = build.build(quick_kit, [platform], tmp_path)
    with PLATFORMS[platform](built.zip.path, tmp_path) as grade:
        assert {name: grade(folder) for name, folder in submissions.items()} == wanted


def test_no_platform_is_left_out():
    assert {*PLATFORMS, "student"} == set(build.ARTEFACTS)
