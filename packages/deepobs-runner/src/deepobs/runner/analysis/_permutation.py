"""Permutation tests: with all exchanges of labels if there are few, otherwise with random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ._exchanges import Exchanged, exchange_within, flip_signs, rank_sums, reassign
from ._t_tests import brunner_munzel, t_tests

Floats = NDArray[np.float64]
_MOST_RANKED = 100  # runs of both groups up to which the distribution of rank sums is cheap


class PermutationTest(NamedTuple):
    """The result of a two-sided test of the hypothesis that the labels are exchangeable.

    Attributes:
        statistic: The test statistic; positive if it is in favor of the first group.
        p_value: Share of the exchanges of labels with a statistic as far from 0, but not less than
            the p-value of the t test that allows for unequal variances.
        smallest: The smallest p-value that is possible with this number of distinct values.
        p_t: The p-value of that t test.
    """

    statistic: float
    p_value: float
    smallest: float
    p_t: float = math.nan


#: What is returned for fewer than two values.
UNTESTED = PermutationTest(math.nan, math.nan, math.nan)


def permutation_test(
    a: ArrayLike, b: ArrayLike, *, paired: bool, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Tests whether two groups of runs differ in mean, by exchanging their labels.

    Paired, the statistic is the mean of \( \pm(a_i - b_i) \) under all flips of signs. Unpaired, it
    is Welch's \( \pm(\bar a - \bar b) / \sqrt{s_a^2 / n + s_b^2 / m} \) under all assignments of
    the values to the groups; minus if smaller values are better. If there are at most 10,000 flips
    or assignments, all are tried; otherwise 9,999 random ones and the observed one. If a run
    diverged (its value is not finite), values are replaced by their ranks, with diverged runs tied
    for the worst, and the exact distribution of the rank sum is used.

    The test is exact if both groups have the same distribution. If they only have the same mean, it
    is not: with few runs of unequal variance, even the studentized test rejects too often.
    Therefore the p-value is never less than that of Student's t test of the pairs, or of Welch's.

    Args:
        a: Values of one method, `[n]`.
        b: Values of the other method, `[m]`; in the order of `a` if paired.
        paired: Whether the values are paired.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        Statistic and p-values; NaN if a group has fewer than two values.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 15; studentized:
        Janssen, Statistics and Probability Letters 36 (1997), 9-21; Chung and Romano, Annals of
        Statistics 41 (2013), 484-507.
    """
    first, second = (np.atleast_2d(np.asarray(values, dtype=np.float64)) for values in (a, b))
    return permutation_tests(first, second, paired=paired, larger=larger, seed=seed)[0]


def permutation_tests(
    a: Floats, b: Floats, *, paired: bool, larger: bool = True, seed: int = 0
) -> list[PermutationTest]:
    """Runs `permutation_test` on many pairs of methods at once.

    Args:
        a: The values of each pair's first method, `[P, n]`.
        b: Those of the second, `[P, m]`; in the order of `a` if paired.
        paired: Whether the values are paired.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        The test of each pair, `[P]`.
    """
    size = a.shape[1]
    if min(size, b.shape[1]) < 2:
        return [UNTESTED] * len(a)
    pooled = oriented(np.hstack([a, b]), larger=larger)
    ranked = np.asarray(~np.isfinite(pooled).all(axis=1))
    if ranked.any():
        pooled[ranked] = stats.rankdata(pooled[ranked], axis=1)
    spread = np.abs(pooled).max(axis=1, keepdims=True)  # squares of huge values overflow
    scaled = pooled / np.where(spread > 0, spread, 1.0)
    first, second = np.split(scaled, [size], axis=1)
    if paired:
        differences = first - second
        return _no_surer_than(flip_signs(differences, seed), t_tests([differences]))
    p_t = t_tests([first, second])
    tests = [UNTESTED] * len(a)
    for places in (np.flatnonzero(~ranked), np.flatnonzero(ranked)):
        if len(places):
            found = _unpaired(pooled[places], scaled[places], size, seed, ranked[places[0]])
            for place, test in zip(places, _no_surer_than(found, p_t[places]), strict=True):
                tests[place] = test
    return tests


def _unpaired(pooled: Floats, scaled: Floats, size: int, seed: int, ranked: bool) -> Exchanged:
    if ranked and pooled.shape[1] <= _MOST_RANKED:
        return rank_sums([(pooled, size)])
    return reassign(scaled, size, seed, mirrored=ranked)


def stratified_permutation_test(
    strata: Sequence[tuple[ArrayLike, ArrayLike]], *, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Tests whether one method is better than another over several problems.

    The statistic is \( \frac1S \sum_s P_s(A > B) - \frac12 \) (`probability_of_improvement`) under
    exchanges of the labels within each of the S problems; seeds are not paired. Its distribution is
    exact if all problems have the same number of runs; otherwise it is estimated from 9,999 random
    exchanges and the observed one. This tests the hypothesis that, on every problem, the runs of
    both methods have the same distribution. To allow for unequal variances and for methods that are
    better on different problems, the p-value is never less than that of the t approximation with
    Brunner and Munzel's variances.

    Args:
        strata: The values of both methods for each problem; a value that is not finite is a
            diverged run, worse than any other.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        Statistic and p-values; NaN if a method has fewer than two runs on one of the problems.

    Source:
        Stratified (van Elteren's) rank test: Lehmann, Nonparametrics, 1975, section 3.3. Average
        probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264. Variances:
        Brunner and Munzel, Biometrical Journal 42 (2000), 17-25.
    """
    if not strata or min(len(np.atleast_1d(values)) for pair in strata for values in pair) < 2:
        return UNTESTED
    arrays = [tuple(np.atleast_2d(np.asarray(v, dtype=float)) for v in pair) for pair in strata]
    ranked = within_problems([(a, b) for a, b in arrays], larger=larger)
    return stratified_permutation_tests(ranked, seed=seed)[0]


def stratified_permutation_tests(
    ranked: Sequence[tuple[Floats, int]], *, seed: int = 0
) -> list[PermutationTest]:
    """Runs `stratified_permutation_test` on many pairs of methods at once.

    Args:
        ranked: For each problem the ranks of `within_problems`, at least two runs of each method.
        seed: Seed of the random exchanges.

    Returns:
        The test of each pair, `[P]`.
    """
    sizes = {size * (ranks.shape[1] - size) for ranks, size in ranked}
    if len(sizes) == 1 and max(ranks.shape[1] for ranks, _ in ranked) <= _MOST_RANKED:
        found = rank_sums(ranked)
    else:
        found = exchange_within(ranked, seed)
    return _no_surer_than(found, brunner_munzel(ranked))


def within_problems(
    strata: Sequence[tuple[Floats, Floats]], *, larger: bool = True
) -> list[tuple[Floats, int]]:
    """Ranks the runs of two methods within each problem, the best highest.

    Args:
        strata: For each problem the values of each pair's first method, `[P, n]`, and of the
            second, `[P, m]`.
        larger: Whether larger values are better.

    Returns:
        For each problem the ranks, `[P, n + m]`, the first method's first, and the number n of its
        runs.
    """
    return [
        (np.asarray(stats.rankdata(oriented(np.hstack(pair), larger=larger), axis=1)), size)
        for pair in strata
        for size in (pair[0].shape[1],)
    ]


def oriented(values: ArrayLike, *, larger: bool) -> Floats:
    """Turns values so that larger is better, and diverged runs (not finite) minus infinity.

    Args:
        values: Any values.
        larger: Whether larger ones are better already.

    Returns:
        Values of the same shape.
    """
    data = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(data), data if larger else -data, -np.inf)


def _no_surer_than(found: Exchanged, p_t: Floats) -> list[PermutationTest]:
    """Returns the tests, with p-values that are no less than those of the t tests."""
    p_values = np.maximum(found.share, p_t)
    columns = (found.statistic.tolist(), p_values.tolist(), p_t.tolist())
    return [
        PermutationTest(statistic, p_value, found.smallest, t)
        for statistic, p_value, t in zip(*columns, strict=True)
    ]


def holm(p_values: Floats) -> Floats:
    """Adjusts p-values for multiple testing with Holm's method; NaN stays NaN.

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
