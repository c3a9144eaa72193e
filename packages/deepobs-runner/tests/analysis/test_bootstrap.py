"""Interquartile mean and stratified bootstrap, against rliable's recorded figures."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from deepobs.runner.analysis import (
    interquartile_mean,
    mean_interval,
    probability_of_improvement,
    stratified_bootstrap,
)

# What rliable 1.2.0 gave for the scores in the file (tools/rliable_reference.py made it).
RLIABLE = json.loads((Path(__file__).parent / "data/rliable.json").read_text())


@pytest.mark.parametrize("method", ["A", "B"])
def test_interquartile_mean_is_rliables(method):
    """The interquartile mean of the same scores is rliable's to rounding."""
    assert interquartile_mean(RLIABLE["scores"][method]) == pytest.approx(
        RLIABLE["iqm"][method], rel=1e-12
    )


@pytest.mark.parametrize("method", ["A", "B"])
def test_stratified_interval_is_rliables(method):
    """The stratified bootstrap interval of the same scores is rliable's but for noise."""
    scores = np.array(RLIABLE["scores"][method])
    point, low, high = stratified_bootstrap(list(scores.T), num_resamples=20_000)
    expected_low, expected_high = RLIABLE["interval"][method]
    # The end of a 95 % interval from 20,000 resamples has a standard error of about 0.8 % of the
    # interval's width; 3 % is over three of them.
    tolerance = 0.03 * (expected_high - expected_low)
    assert point == pytest.approx(RLIABLE["iqm"][method], rel=1e-12)
    assert low == pytest.approx(expected_low, abs=tolerance)
    assert high == pytest.approx(expected_high, abs=tolerance)


def test_probability_of_improvement_is_rliables():
    """The probability of improvement, averaged over problems, is rliable's."""
    a, b = (np.array(RLIABLE["scores"][name]) for name in "AB")
    found = np.mean([probability_of_improvement(a[:, i], b[:, i]) for i in range(a.shape[1])])
    assert found == pytest.approx(RLIABLE["probability"], rel=1e-12)


def test_strata_are_kept_apart():
    """With constant scores within each problem every resample is the same: no width at all."""
    point, low, high = stratified_bootstrap({"a": [1.0] * 5, "b": [9.0] * 5}, np.average)
    assert point == low == high == 5.0


def test_a_problem_without_scores_is_refused():
    """An empty stratum has no bootstrap."""
    with pytest.raises(ValueError, match="at least one score"):
        stratified_bootstrap([[1.0], []])


def test_equal_weights_are_no_weights():
    """With weights that are all the same, the weighted trimming is rliable's, cut by cut."""
    generator = np.random.default_rng(2)
    for num in range(1, 30):
        values = generator.normal(size=num)
        weighted = interquartile_mean(values, weights=np.full(num, 0.3))
        assert weighted == pytest.approx(interquartile_mean(values), rel=1e-9)


def test_weighted_interquartile_mean_by_hand():
    """Of ten ones and two zeros that weigh the same together, the middle half is half of each."""
    values = [1.0] * 10 + [0.0] * 2
    weights = [0.1] * 10 + [0.5] * 2
    assert interquartile_mean(values, weights=weights) == pytest.approx(0.5)


def test_problems_weigh_the_same_however_many_runs_they_have():
    """Ten runs on one problem and two on the other sum up as two and ten do, or five and five."""
    points = [
        stratified_bootstrap([[1.0] * ones, [0.2] * others])[0]
        for ones, others in ((10, 2), (2, 10), (5, 5), (8, 8))
    ]
    assert points == pytest.approx([0.6] * 4)


@pytest.mark.parametrize("num", [2, 3, 5, 10])
def test_mean_interval_covers(num):
    """The interval of the mean of a few normal values holds the truth as often as it says."""
    samples = np.random.default_rng(num).normal(size=(2000, num))
    ends = np.array([mean_interval(sample) for sample in samples])
    rate = np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0))
    # Student's interval is exact for normal values: three standard errors of 95 % in 2,000.
    assert rate == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2000))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_mean_interval_needs_two_values(values):
    """One value has no interval."""
    assert all(math.isnan(end) for end in mean_interval(values))
