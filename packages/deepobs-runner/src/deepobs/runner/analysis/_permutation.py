"""Tests by exchanging labels: every exchange where that is cheap, else random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ._t_tests import brunner_munzel, t_test

Floats = NDArray[np.float64]
MOST_EXACT = 10_000  # exchanges up to which all are tried
NUM_RANDOM = 9_999
_MOST_RANKED = 100  # runs of both groups up to which the distribution of rank sums is cheap


class PermutationTest(NamedTuple):
    """A two-sided test of "the labels mean nothing".

    Attributes:
        statistic: What was tested; positive if it is in favour of the first group.
        p_value: Share of the exchanges of labels with a statistic as far from 0, but not less than
            the p-value of the t test that allows for unequal variances.
        smallest: The smallest p-value that so many values, all different, could have had.
        p_t: The p-value of that t test.
    """

    statistic: float
    p_value: float
    smallest: float
    p_t: float = math.nan


_UNTESTED = PermutationTest(math.nan, math.nan, math.nan)


def permutation_test(
    a: ArrayLike, b: ArrayLike, *, paired: bool, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Tests whether two groups of runs differ in mean, by exchanging their labels.

    Paired, the statistic is the mean of \( \pm(a_i - b_i) \) under all flips of signs. Unpaired,
    it is Welch's \( \pm(\bar a - \bar b) / \sqrt{s_a^2 / n + s_b^2 / m} \) under all
    assignments of the values to the groups; minus if smaller values are better. All flips or
    assignments are tried where they are at most 10,000, else 9,999 random ones and the observed
    one. If a run diverged (its value is not finite), values are replaced by their ranks, diverged
    runs tied for the worst, and the exact distribution of the rank sum is used.

    If both groups are distributed alike, such a test is exact. If they only have the same mean, it
    is not: with few runs that vary unequally even the studentised one rejects too often. Therefore
    the p-value is never less than that of Student's t test of the pairs, or of Welch's.

    Args:
        a: One method's values, `[n]`.
        b: The other's, `[m]`; in the order of `a` if paired.
        paired: Whether values belong together pairwise.
        larger: Whether larger values are better.
        seed: Seed of the random exchanges.

    Returns:
        Statistic and p-values; NaN if a group has fewer than two values.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 15; studentised:
        Janssen, Statistics and Probability Letters 36 (1997), 9-21; Chung and Romano, Annals of
        Statistics 41 (2013), 484-507.
    """
    first, second = (oriented(values, larger=larger) for values in (a, b))
    if min(len(first), len(second)) < 2:
        return _UNTESTED
    pooled = np.concatenate([first, second])
    ranked = not np.isfinite(pooled).all()
    if ranked:
        pooled = stats.rankdata(pooled)
    spread = np.abs(pooled).max()  # squares of huge values overflow
    first, second = np.split(pooled / spread if spread > 0 else pooled, [len(first)])
    if paired:
        test = _test_signs(first - second, seed)
        return _no_surer_than(test, t_test([first - second]))
    if ranked and len(pooled) <= _MOST_RANKED:
        test = _test_rank_sums([(pooled, len(first))])
    else:
        test = _test_assignments(first, second, seed, mirrored=ranked)
    return _no_surer_than(test, t_test([first, second]))


def stratified_permutation_test(
    strata: Sequence[tuple[ArrayLike, ArrayLike]], *, larger: bool = True, seed: int = 0
) -> PermutationTest:
    r"""Tests whether one method does better than another over several problems.

    The statistic is \( \frac1S \sum_s P_s(A > B) - \frac12 \) (`probability_of_improvement`) under
    exchanges of the labels within each of the S problems; seeds are not paired. Its distribution is
    exact where all problems have as many runs, else it is that of 9,999 random exchanges and the
    observed one. That is a test of "on every problem both methods' runs are distributed alike".
    Against "one method is better here, the other there" and unequal variances the p-value is never
    less than that of the t approximation with Brunner and Munzel's variances.

    Args:
        strata: One method's and the other's values for each problem; what is not finite is a
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
        return _UNTESTED
    ranked = within_problems(strata, larger=larger)
    sizes = {size * (len(ranks) - size) for ranks, size in ranked}
    if len(sizes) == 1 and max(len(ranks) for ranks, _ in ranked) <= _MOST_RANKED:
        test = _test_rank_sums(ranked)
    else:
        test = _test_random_ranks(ranked, seed)
    return _no_surer_than(test, brunner_munzel(ranked))


def within_problems(
    strata: Sequence[tuple[ArrayLike, ArrayLike]], *, larger: bool = True
) -> list[tuple[Floats, int]]:
    """Ranks the runs of two methods within each problem, the best highest.

    Args:
        strata: One method's and the other's values for each problem.
        larger: Whether larger values are better.

    Returns:
        For each problem the ranks, the first method's first, and the number of its runs.
    """
    ranked = []
    for pair in strata:
        a, b = (oriented(values, larger=larger) for values in pair)
        ranked.append((np.asarray(stats.rankdata(np.concatenate([a, b]))), len(a)))
    return ranked


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


def _no_surer_than(test: PermutationTest, p_value: float) -> PermutationTest:
    return test._replace(p_value=max(test.p_value, p_value), p_t=p_value)


def _test_signs(differences: Floats, seed: int) -> PermutationTest:
    """Tests paired differences under flips of their signs."""
    sums = _signs(len(differences), seed) @ differences
    smallest = max(2 / 2 ** len(differences), 1 / (1 + NUM_RANDOM))
    return PermutationTest(
        float(differences.mean()), _share_beyond(sums, differences.sum()), smallest
    )


def _test_assignments(a: Floats, b: Floats, seed: int, *, mirrored: bool) -> PermutationTest:
    """Tests Welch's statistic under assignments of all values to the groups."""
    pooled, size = np.concatenate([a, b]), len(a)
    total = math.comb(len(pooled), size)
    exact = total <= MOST_EXACT
    rows = _choices(len(pooled), size) if exact else _random_choices(len(pooled), size, seed)
    found = _welch_statistics(pooled - pooled.mean(), rows)
    # The mirror image of the most extreme assignment is as extreme, of ranks or equal groups.
    num_extreme = 2 if mirrored or len(a) == len(b) else 1
    smallest = max(num_extreme / total, 1 / (1 + NUM_RANDOM))
    return PermutationTest(float(found[0]), _share_beyond(found, found[0]), smallest)


def _welch_statistics(centred: Floats, rows: Floats) -> Floats:
    """Returns Welch's statistic of each assignment: rows of ones (first group) and zeros."""
    total = float((centred**2).sum())
    if total == 0:
        return np.zeros(len(rows))
    n = int(rows[0].sum())
    m = len(centred) - n
    sums, squares = rows @ centred, rows @ centred**2
    within_a = squares - sums**2 / n
    within_b = (total - squares) - sums**2 / m  # the other group's sum is minus this one's
    # What is below the rounding of these sums is rounding.
    least = 1e-12 * total
    variance = np.maximum(within_a, least) / (n - 1) / n + np.maximum(within_b, least) / (m - 1) / m
    return np.asarray((sums / n + sums / m) / np.sqrt(variance))


def _test_rank_sums(strata: Sequence[tuple[Floats, int]]) -> PermutationTest:
    """Tests the sum over strata of the first group's ranks by its exact distribution.

    Args:
        strata: Ranks, the first group's first, and the size of that group; with the same product of
            group sizes in all strata.
    """
    chances, observed, centre, smallest = np.ones(1), 0, 0.0, 2.0
    for ranks, size in strata:
        doubled = np.rint(2 * ranks).astype(int)  # tied ranks are halves
        chances = np.convolve(chances, _rank_sums(tuple(sorted(doubled.tolist())), size))
        observed += int(doubled[:size].sum())
        centre += float(doubled.sum()) * size / len(doubled)
        smallest /= math.comb(len(doubled), size)
    far = np.abs(np.arange(len(chances)) - centre) >= abs(observed - centre) - 1e-6
    ranks, size = strata[0]
    scale = 2 * size * (len(ranks) - size) * len(strata)
    return PermutationTest(
        (observed - centre) / scale, min(1.0, float(chances[far].sum())), smallest
    )


@lru_cache(maxsize=256)
def _rank_sums(doubled: tuple[int, ...], size: int) -> Floats:
    """Returns the probability of each sum of `size` of the doubled ranks, drawn at random."""
    ways = np.zeros((size + 1, sum(doubled) + 1))
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    return np.asarray(ways[size] / ways[size].sum())


def _test_random_ranks(strata: Sequence[tuple[Floats, int]], seed: int) -> PermutationTest:
    """Tests the average probability of improvement under random exchanges within strata."""
    sums, observed, smallest = np.zeros(NUM_RANDOM + 1), 0.0, 2.0
    for place, (ranks, size) in enumerate(strata):
        share = (ranks - ranks.mean()) / (size * (len(ranks) - size) * len(strata))
        sums += _random_choices(len(ranks), size, (seed, place)) @ share
        observed += float(share[:size].sum())
        smallest /= math.comb(len(ranks), size)
    smallest = max(smallest, 1 / (1 + NUM_RANDOM))
    return PermutationTest(observed, _share_beyond(sums, observed), smallest)


def _share_beyond(statistics: Floats, observed: float) -> float:
    # Equal sums in another order differ by rounding; the observed exchange must count itself.
    return float((np.abs(statistics) >= abs(observed) * (1 - 1e-9)).mean())


@lru_cache(maxsize=16)
def _signs(num: int, seed: int) -> Floats:
    """Returns all patterns of signs, `[2^num, num]`, or random ones and the observed one."""
    if 2**num <= MOST_EXACT:
        return np.asarray(2.0 * ((np.arange(2**num)[:, None] >> np.arange(num)) & 1) - 1)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(NUM_RANDOM, num))
    return np.vstack([np.ones(num), signs])


@lru_cache(maxsize=16)
def _choices(num: int, size: int) -> Floats:
    """Returns all ways to choose `size` of `num` runs as rows of ones, the first ones first."""
    chosen = np.array(list(combinations(range(num), size)))
    return np.asarray((chosen[:, :, None] == np.arange(num)).any(axis=1), dtype=np.float64)


@lru_cache(maxsize=16)
def _random_choices(num: int, size: int, seed: int | tuple[int, int]) -> Floats:
    """Returns random ways to choose `size` of `num` runs, after the observed one."""
    first = np.asarray(np.arange(num) < size, dtype=np.float64)
    rows = np.tile(first, (NUM_RANDOM, 1))
    return np.vstack([first, np.random.default_rng(seed).permuted(rows, axis=1)])


def holm(p_values: Floats) -> Floats:
    """Corrects p-values for their number, after Holm; NaN stays NaN.

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
