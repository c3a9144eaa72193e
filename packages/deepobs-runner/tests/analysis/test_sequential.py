"""The comparison that stays valid while seeds are added: error rate, power, intervals."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from deepobs.runner.analysis import anytime_comparison, log_wealth

NUM_SIMULATIONS = 2_000
NUM_SEEDS = 50
# Three standard errors of a rate of 5 % in 2,000 simulations.
MARGIN = 3 * math.sqrt(0.05 * 0.95 / NUM_SIMULATIONS)


def draw(distribution, seed):
    generator = np.random.default_rng(seed)
    shape = (NUM_SIMULATIONS, NUM_SEEDS)
    return {
        "normal": lambda: generator.normal(size=shape),
        "cauchy": lambda: generator.standard_cauchy(size=shape),
        # A bimodal method against another like it: differences of -1, 0 and 1 plus noise.
        "bimodal": lambda: (
            generator.integers(2, size=shape)
            - generator.integers(2, size=shape)
            + generator.normal(size=shape) / 100
        ),
        # Median 0 but mean 0.65: only a statement about the median.
        "skewed": lambda: np.exp(generator.normal(size=shape)) - 1,
        "ties": lambda: generator.integers(-1, 2, size=shape).astype(float),
    }[distribution]()


@pytest.mark.parametrize("distribution", ["normal", "cauchy", "bimodal", "skewed", "ties"])
def test_error_rate_with_a_look_after_every_seed(distribution):
    """Of 2,000 comparisons of equals, looked at after each of 50 seeds, at most 5 % ever err."""
    differences = draw(distribution, seed=7)
    ever = [anytime_comparison(row).p_value <= 0.05 for row in differences]
    assert np.mean(ever) <= 0.05 + MARGIN


def test_fixed_test_repeated_at_every_seed_does_not_keep_its_rate():
    """The simulation can tell: a t-test looked at after every seed errs far more often than 5 %."""
    differences = draw("normal", seed=7)[:500]
    ever = np.zeros(len(differences), dtype=bool)
    for num in range(3, NUM_SEEDS + 1):
        ever |= stats.ttest_1samp(differences[:, :num], 0, axis=1).pvalue <= 0.05
    assert ever.mean() > 0.15


def test_confidence_sequence_holds_the_median_throughout():
    """The interval (intersected over all looks) misses the median in at most 5 % of 2,000 runs."""
    intervals = [anytime_comparison(row + 3.0) for row in draw("normal", seed=8)]
    missed = [not found.low <= 3.0 <= found.high for found in intervals]
    assert np.mean(missed) <= 0.05 + MARGIN


def test_power_to_find_a_difference():
    """A difference of one standard deviation is nearly always found within 50 seeds."""
    found = [anytime_comparison(row + 1.0).p_value <= 0.05 for row in draw("normal", seed=9)[:300]]
    assert np.mean(found) > 0.9


def test_wealth_is_the_mixture_of_constant_bets():
    """The closed form is the integral over all constant bets it stands for."""
    prior = stats.beta(0.5, 0.5)
    mixed, _ = integrate.quad(lambda q: (2 * q) ** 6 * (2 - 2 * q) ** 2 * prior.pdf(q), 0, 1)
    assert math.exp(log_wealth(6, 2)) == pytest.approx(mixed, rel=1e-6)


def test_wealth_is_a_martingale():
    """Under equal odds the expected wealth after the next pair is the wealth before it."""
    a, b = np.meshgrid(np.arange(12), np.arange(12))
    after = 0.5 * np.exp(log_wealth(a + 1, b)) + 0.5 * np.exp(log_wealth(a, b + 1))
    np.testing.assert_allclose(after, np.exp(log_wealth(a, b)), rtol=1e-12)


def test_seven_pairs_of_one_sign_are_needed():
    """Six wins in six pairs are not enough for 5 %, seven in seven are."""
    assert anytime_comparison(np.ones(6)).p_value > 0.05
    seven = anytime_comparison(np.arange(1.0, 8.0))
    assert seven.p_value <= 0.05
    assert (seven.low, seven.high) == (1.0, 7.0)


def test_evidence_once_reached_is_kept():
    """The p-value does not grow again when later seeds disagree; the e-value does shrink."""
    early = anytime_comparison(np.ones(8))
    late = anytime_comparison(np.concatenate([np.ones(8), -np.ones(8)]))
    assert late.p_value == early.p_value
    assert late.e_value < early.e_value


def test_no_differences_no_evidence():
    """Without pairs, or with ties alone, nothing is concluded."""
    for pairs in ([], [0.0, 0.0], [math.nan]):
        found = anytime_comparison(pairs)
        assert (found.e_value, found.p_value, found.num_pairs) == (1.0, 1.0, 0)
        assert (found.low, found.high) == (-math.inf, math.inf)


def test_diverged_runs_count_as_infinite_differences():
    """A run infinitely worse is a sign like any other."""
    found = anytime_comparison([math.inf] * 8)
    assert found.p_value == anytime_comparison(np.ones(8)).p_value
