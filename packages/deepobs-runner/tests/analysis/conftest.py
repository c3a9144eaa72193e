"""Fixtures of the tests of the analysis."""

import pytest

from deepobs.runner.analysis import study_verdict


@pytest.fixture
def judge(make_frame):
    """The verdict on made-up runs."""
    return lambda *groups: study_verdict(make_frame(*(run for group in groups for run in group)))
