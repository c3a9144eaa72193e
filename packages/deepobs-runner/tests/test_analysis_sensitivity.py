"""Learning-rate sensitivity and tunability."""

import itertools
import math

import numpy as np
import pytest

from deepobs.runner.analysis import (
    expected_best,
    sensitivity_curve,
    sensitivity_table,
    tunability,
)

DIVERGED = {"losses": [10.0, None], "num_epochs": 1, "status": "diverged"}


def sweep(finals, **fields):
    """One run per rate 1e-3, 1e-2, ...: from loss 10 to the given one; None diverges."""
    return [
        {"learning_rate": 10.0 ** (i - 3), "losses": [10.0, 10.0 if final is None else final]}
        | (DIVERGED if final is None else {})
        | fields
        for i, final in enumerate(finals)
    ]


def test_basin_and_sensitivity_by_hand(make_frame):
    """Progress, width of the good basin and sensitivity of a sweep of five rates."""
    frame = make_frame(*sweep([5.0, 0.3, 0.0, 0.4, None]))
    curve = sensitivity_curve(frame)
    assert curve["progress"].tolist() == pytest.approx([0.5, 0.97, 1.0, 0.96, 0.0])
    assert curve["num_diverged"].tolist() == [0, 0, 0, 0, 1]
    assert math.isnan(curve["score"].iloc[-1])
    (row,) = sensitivity_table(frame).to_dict("records")
    assert (row["best_rate"], row["num_rates"]) == (0.1, 5)
    assert (row["basin_low"], row["basin_high"]) == (0.01, 1.0)
    assert row["basin_decades"] == pytest.approx(2.0)
    assert row["sensitivity"] == pytest.approx((0.5 + 0.03 + 0 + 0.04 + 1) / 5)
    assert (row["grid_edge"], row["basin_open"]) == ("", False)


@pytest.mark.parametrize(
    ("finals", "edge"), [([1.0, 2.0, 3.0], "low"), ([3.0, 2.0, 1.0], "high"), ([1.0], "")]
)
def test_best_rate_at_the_edge_of_the_grid_is_flagged(make_frame, finals, edge):
    """The best of several rates at either end is flagged; one rate alone is no grid."""
    (row,) = sensitivity_table(make_frame(*sweep(finals))).to_dict("records")
    assert row["grid_edge"] == edge
    assert row["basin_open"]


def test_worse_than_no_training_is_no_progress(make_frame):
    """A rate that ends above the initial loss counts as useless, not as negative."""
    curve = sensitivity_curve(make_frame(*sweep([1.0, 1e30])))
    assert curve["progress"].tolist() == [1.0, 0.0]


def test_only_shared_seeds_count(make_frame):
    """A rate tried with more seeds is judged by those that all rates have."""
    frame = make_frame(*sweep([2.0, 1.0]), sweep([0.0], random_seed=1)[0])
    assert sensitivity_curve(frame)["score"].tolist() == [2.0, 1.0]


def test_sweep_that_diverged_throughout(make_frame):
    """Where nothing worked there is no best rate and no basin, and no error."""
    (row,) = sensitivity_table(make_frame(*sweep([None, None]))).to_dict("records")
    assert math.isnan(row["best_rate"])
    assert row["sensitivity"] == 1.0 or math.isnan(row["sensitivity"])


@pytest.mark.parametrize("larger", [False, True])
def test_expected_best_equals_enumeration(larger):
    """The formula equals the mean best over all subsets of each size."""
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    best = max if larger else min
    for k, expected in enumerate(expected_best(values, larger=larger), start=1):
        subsets = list(itertools.combinations(values, k))
        assert expected == pytest.approx(sum(map(best, subsets)) / len(subsets))


def test_expected_best_of_many_trials_does_not_overflow():
    """Binomials of a thousand trials are too large for floats; the result is not."""
    found = expected_best(np.arange(1000.0))
    assert found[0] == pytest.approx(499.5)
    assert found[-1] == pytest.approx(0.0, abs=1e-9)
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
def test_expected_best_needs_finite_values(values):
    """What is not finite has no expectation."""
    with pytest.raises(ValueError, match="finite"):
        expected_best(values)


def test_tunability_of_a_sweep(make_frame):
    """One trial gives the mean, all trials the best; a diverged one is worth no training."""
    table = tunability(make_frame(*sweep([4.0, 2.0, None])))
    assert table["trials"].tolist() == [1, 2, 3]
    expected = [16 / 3, (2 + 4 + 2) / 3, 2.0]
    assert table["expected"].tolist() == pytest.approx(expected)
    assert (table["low"] <= table["expected"]).all()
    assert (table["expected"] <= table["high"]).all()
