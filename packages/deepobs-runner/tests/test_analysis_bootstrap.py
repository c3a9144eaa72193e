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
    point, low, high = stratified_bootstrap({"a": [1.0] * 5, "b": [9.0] * 5}, np.mean)
    assert point == low == high == 5.0


def test_a_problem_without_scores_is_refused():
    """An empty stratum has no bootstrap."""
    with pytest.raises(ValueError, match="at least one score"):
        stratified_bootstrap([[1.0], []])


def test_mean_interval_covers():
    """The interval of the mean of 20 normal values holds the truth about as often as it says."""
    generator = np.random.default_rng(1)
    hits = 0
    for trial in range(500):
        low, high = mean_interval(generator.normal(size=20), num_resamples=500, seed=trial)
        hits += low <= 0 <= high
    # The percentile bootstrap covers about 92 % here (it lacks Student's factor); 500 trials have
    # a standard error of 1.2 %.
    assert 0.88 <= hits / 500 <= 0.97


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_mean_interval_needs_two_values(values):
    """One value has no interval."""
    assert all(math.isnan(end) for end in mean_interval(values))
