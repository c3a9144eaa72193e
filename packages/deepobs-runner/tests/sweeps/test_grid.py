"""What a field of a sweep may hold."""

import itertools
import math
from typing import Any

import pytest

from deepobs.runner.sweeps import DEEPOBS_GRID
from deepobs.runner.sweeps._grid import expand


def test_deepobs_grid():
    """DeepOBS's grid: 36 learning rates from 1e-5 to 1e2, five a decade."""
    assert len(DEEPOBS_GRID) == 36
    assert DEEPOBS_GRID[0] == pytest.approx(1e-5)
    assert DEEPOBS_GRID[-1] == pytest.approx(1e2)
    ratios = [later / earlier for earlier, later in itertools.pairwise(DEEPOBS_GRID)]
    assert ratios == pytest.approx([10 ** (1 / 5)] * 35)
    assert expand("deepobs grid") == list(DEEPOBS_GRID)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, [0.1]),
        ([1, 2], [1, 2]),
        (None, [None]),
        ("fp32", ["fp32"]),
        ({"range": [42, 45]}, [42, 43, 44, 45]),
        ({"range": [1, 9, 4]}, [1, 5, 9]),
        ({"linspace": [0, 1, 3]}, [0.0, 0.5, 1.0]),
    ],
)
def test_expand(value, expected):
    """A value stands for itself, a list for its values, a range for its points."""
    assert expand(value) == expected


def test_logspace():
    """A logspace has its ends and equal ratios."""
    values: Any = expand({"logspace": [1e-3, 10, 5]})
    assert [math.log10(value) for value in values] == pytest.approx([-3, -2, -1, 0, 1])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "at least one value"),
        ("deepobs gird", "did you mean 'deepobs grid'"),
        ({"logspace": [0, 1, 3]}, "positive"),
        ({"logspace": [1, 2]}, "first, last, how many"),
        ({"logspace": [1, 2, 2.5]}, "whole number"),
        ({"range": [5, 1]}, "must increase"),
        ({"range": [0.5, 1]}, "whole numbers"),
        ({"range": ["a", 1]}, "first, last"),
        ({"geomspace": [1, 2, 3]}, "logspace"),
        ({}, "logspace"),
    ],
)
def test_expand_refuses(value, words):
    """What is no value and no range is refused, saying what is expected."""
    with pytest.raises(ValueError, match=words):
        expand(value)
