"""Learning-rate sensitivity and tunability."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from deepobs.runner.analysis import (
    best_of_intervals,
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
    assert row["basin_open"] == bool(edge)


def test_one_rate_has_no_sensitivity(make_frame):
    """Of a single rate nothing is known about others."""
    (row,) = sensitivity_table(make_frame(*sweep([1.0]))).to_dict("records")
    assert (row["num_rates"], row["best_rate"]) == (1, 0.001)
    assert math.isnan(row["sensitivity"])
    assert math.isnan(row["basin_decades"])


def test_training_that_only_did_harm_has_no_progress(make_frame):
    """Where every rate ends worse than it began, the least harmful is best, and nothing more."""
    frame = make_frame(*sweep([12.0, 13.0, 90.0]))
    assert sensitivity_curve(frame)["progress"].isna().all()
    (row,) = sensitivity_table(frame).to_dict("records")
    assert (row["best_rate"], row["best_score"]) == (0.001, 12.0)
    assert math.isnan(row["sensitivity"])
    assert math.isnan(row["basin_low"])
    assert (row["grid_edge"], row["basin_open"]) == ("", False)


def test_only_settings_that_differ_in_the_rate_count(make_frame):
    """Neither other batch sizes nor other lengths of training enter the curve of the chosen one."""
    chosen = sweep([3.0, 1.0, 2.0])
    short = sweep([9.0, 8.0], losses=[10.0, 9.0])
    longer = [run | {"losses": [10.0, 5.0, run["losses"][-1]], "num_epochs": 2} for run in chosen]
    large = sweep([4.0, 4.0, 4.0, 4.0], batch_size=512)
    curve = sensitivity_curve(make_frame(*longer, *short, *large))
    assert curve["learning_rate"].tolist() == [0.001, 0.01, 0.1]
    assert curve["score"].tolist() == [3.0, 1.0, 2.0]
    assert curve["num_runs"].tolist() == [1, 1, 1]


def test_best_value_of_a_run_may_count(make_frame):
    """With value="best" a rate is judged by the least loss on the way, not by the last one."""
    frame = make_frame(
        {"learning_rate": 0.1, "losses": [10.0, 1.0, 8.0]},
        {"learning_rate": 0.2, "losses": [10.0, 6.0, 4.0]},
    )
    final, best = (sensitivity_curve(frame, value)["score"] for value in ("final", "best"))
    assert (final.tolist(), best.tolist()) == ([8.0, 4.0], [1.0, 4.0])
    assert sensitivity_table(frame)["best_rate"].tolist() == [0.2]
    assert sensitivity_table(frame, value="best")["best_rate"].tolist() == [0.1]
    assert tunability(frame)["expected"].tolist() == pytest.approx([6.0, 4.0])
    assert tunability(frame, value="best")["expected"].tolist() == pytest.approx([2.5, 1.0])


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
    assert math.isnan(row["sensitivity"])


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
    # All three trials beat the median best of k with probability (1 - 2^(-1/k))^3: 0.125, 0.0252
    # and 0.0088 for k = 1, 2, 3. Only the last leaves less than 0.025.
    assert table["low"].isna().all()
    assert table["high"].tolist() == pytest.approx([math.nan, math.nan, 10.0], nan_ok=True)


@pytest.mark.parametrize("larger", [False, True])
@pytest.mark.parametrize("law", [stats.norm, stats.cauchy, stats.lognorm(2)])
def test_intervals_of_the_best_of_k_cover(law, larger):
    """Whatever the distribution, the intervals hold the median best of k as often as said."""
    num = 20
    p = 0.5 ** (1 / np.arange(1, num + 1))
    medians = law.ppf(p if larger else 1 - p)
    samples = law.rvs(size=(2000, num), random_state=7)
    ends = np.array([best_of_intervals(sample, larger=larger) for sample in samples])
    missed = (ends[:, 0] > medians) | (ends[:, 1] < medians)
    # Three standard errors of 5 % in 2,000 samples.
    assert missed.mean(axis=0).max() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_interval_of_one_trial_is_that_of_the_median():
    """For k = 1 it is the sign test's: of 20 values the 6th and the 15th (Conover's table)."""
    low, high = best_of_intervals(np.arange(1.0, 21.0))
    assert (low[0], high[0]) == (6.0, 15.0)
    # Below the median of the best of 20 none of 20 trials lies with probability 1/2.
    assert math.isnan(low[-1])


def test_losses_that_span_decades_have_a_basin_in_logarithms(make_frame):
    """From 500 down to 0.012: a rate that stops at 5.4 is not among the good ones."""
    runs = [run | {"losses": [500.0, run["losses"][1]]} for run in sweep([5.4, 0.013, 0.012, 60.0])]
    frame = make_frame(*runs)
    curve = sensitivity_curve(frame)
    expected = np.log(np.divide(500, [5.4, 0.013, 0.012, 60])) / np.log(500 / 0.012)
    assert curve["progress"].tolist() == pytest.approx(expected.tolist())
    (row,) = sensitivity_table(frame).to_dict("records")
    assert row["log_scale"]
    assert (row["basin_low"], row["basin_high"]) == pytest.approx((1e-2, 1e-1))
