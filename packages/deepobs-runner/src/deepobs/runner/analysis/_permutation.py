"""Tests by exchanging labels: every exchange where there are few, else random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
MOST_EXACT = 10_000  # exchanges up to which all are tried
NUM_RANDOM = 9_999


class PermutationTest(NamedTuple):
    """A two-sided test of "the labels mean nothing".

    Attributes:
        statistic: What was tested; positive if it is in favour of the first group.
        p_value: Share of the exchanges of labels with a statistic as far from 0.
        smallest: The smallest p-value that so many values, all different, could have had.
    """

    statistic: float
    p_value: float
    smallest: float


_UNTESTED = PermutationTest(math.nan, math.nan, math.nan)


def permutation_test(
    a: ArrayLike, b: ArrayLike, *, paired: bool, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Test whether two groups of runs differ in mean, by exchanging their labels.

    The statistic is \( \pm\sum_i (a_i - b_i) \) if paired, under all flips of signs, and
    \( \pm\sum_i (a_i - \bar x) \) with the mean \(\bar x\) of all values if not, under all
    assignments of the values to the groups; minus if smaller values are better. All flips or
    assignments are tried where they are at most 10,000, else 9,999 random ones and the observed
    one. If a run diverged (its value is not finite), values are replaced by their ranks, diverged
    runs tied for the worst.

    Args:
        a: One method's values, `[n]`.
        b: The other's, `[m]`; in the order of `a` if paired.
        paired: Whether values belong together pairwise.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        Statistic and p-values; NaN if a group has fewer than two values.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 15.
    """
    first, second = (oriented(values, larger=larger) for values in (a, b))
    if min(len(first), len(second)) < 2:
        return _UNTESTED
    pooled = np.concatenate([first, second])
    ranked = not np.isfinite(pooled).all()
    if ranked:
        pooled = stats.rankdata(pooled)
    size = len(first)
    if paired:
        differences = pooled[:size] - pooled[size:]
        return _result(_signs(size, seed) @ differences, float(differences.sum()), 2 / 2**size)
    # The mirror image of the most extreme assignment is as extreme, of ranks or equal groups.
    mirrored = ranked or len(first) == len(second)
    return _exchange([(pooled - pooled.mean(), size)], seed, 2 if mirrored else 1)


def permutation_p_value(
    a: ArrayLike, b: ArrayLike, *, paired: bool, larger: bool = True, seed: int = 0
) -> float:
    """Return the p-value of `permutation_test`, which see.

    Args:
        a: One method's values, `[n]`; what is not finite is a diverged run, worse than any other.
        b: The other's, `[m]`; in the order of `a` if paired.
        paired: Whether values belong together pairwise.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        The two-sided p-value; NaN if a group has fewer than two values.
    """
    return permutation_test(a, b, paired=paired, larger=larger, seed=seed).p_value


def stratified_permutation_test(
    strata: Sequence[tuple[ArrayLike, ArrayLike]], *, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Test whether one method does better than another over several problems.

    The statistic is \( \frac1S \sum_s P_s(A > B) - \frac12 \) (`probability_of_improvement`), under
    exchanges of the labels within each of the S problems: all of them where they are at most
    10,000, else 9,999 random ones and the observed one. The hypothesis is that on every problem
    both methods' runs are distributed alike; seeds are not paired.

    Args:
        strata: One method's and the other's values for each problem; what is not finite is a
            diverged run, worse than any other.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        Statistic and p-values; NaN if a method has fewer than two runs on one of the problems.

    Source:
        Stratified (van Elteren's) rank test: Lehmann, Nonparametrics, 1975, section 3.3. Average
        probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264.
    """
    groups = [[oriented(values, larger=larger) for values in pair] for pair in strata]
    if not groups or min(len(values) for pair in groups for values in pair) < 2:
        return _UNTESTED
    shares = []
    for a, b in groups:
        # P(A > B) - 1/2 is linear in the ranks of a (Mann and Whitney's U).
        ranks = stats.rankdata(np.concatenate([a, b]))
        shares.append(((ranks - ranks.mean()) / (len(a) * len(b) * len(groups)), len(a)))
    return _exchange(shares, seed, 2)


def oriented(values: ArrayLike, *, larger: bool) -> Floats:
    """Turn values so that larger is better, and diverged runs (not finite) minus infinity.

    Args:
        values: Any values.
        larger: Whether larger ones are better already.

    Returns:
        Values of the same shape.
    """
    data = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(data), data if larger else -data, -np.inf)


def _exchange(strata: Sequence[tuple[Floats, int]], seed: int, num_extreme: int) -> PermutationTest:
    """Test the sum of what the first group's runs add, of each stratum's values and group size."""
    total = math.prod(math.comb(len(values), size) for values, size in strata)
    observed = float(sum(values[:size].sum() for values, size in strata))
    sums = np.zeros(1)
    if total <= MOST_EXACT:
        for values, size in strata:
            sums = np.add.outer(sums, _choices(len(values), size) @ values).ravel()
    else:
        for place, (values, size) in enumerate(strata):
            sums = sums + _random_choices(len(values), size, (seed, place)) @ values
        sums = np.append(sums, observed)
    return _result(sums, observed, num_extreme / total)


def _result(sums: Floats, observed: float, smallest: float) -> PermutationTest:
    # Equal sums in another order differ by rounding; the observed exchange must count itself.
    p_value = float((np.abs(sums) >= abs(observed) * (1 - 1e-9)).mean())
    return PermutationTest(observed, p_value, max(smallest, 1 / (1 + NUM_RANDOM)))


@lru_cache(maxsize=16)
def _signs(num: int, seed: int) -> Floats:
    """Return all patterns of signs, `[2^num, num]`, or random ones, the observed one last."""
    if 2**num <= MOST_EXACT:
        return np.asarray(2.0 * ((np.arange(2**num)[:, None] >> np.arange(num)) & 1) - 1)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(NUM_RANDOM, num))
    return np.vstack([signs, np.ones(num)])


@lru_cache(maxsize=16)
def _choices(num: int, size: int) -> NDArray[np.bool_]:
    """Return all ways to choose `size` of `num` runs, as rows of truth values."""
    chosen = np.array(list(combinations(range(num), size)))
    return np.asarray((chosen[:, :, None] == np.arange(num)).any(axis=1))


@lru_cache(maxsize=16)
def _random_choices(num: int, size: int, seed: tuple[int, int]) -> NDArray[np.bool_]:
    rows = np.tile(np.arange(num) < size, (NUM_RANDOM, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)


def holm(p_values: Floats) -> Floats:
    """Correct p-values for their number, after Holm; NaN stays NaN.

    Args:
        p_values: `[N]`.

    Returns:
        Adjusted p-values, `[N]`.

    Source:
        Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.
    """
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
