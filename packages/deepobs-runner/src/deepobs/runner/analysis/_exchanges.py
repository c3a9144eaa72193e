"""Distributions of statistics under exchanges of labels, vectorized over pairs of methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_EXACT = 10_000  # exchanges up to which all are tried
NUM_RANDOM = 9_999
_CELLS = 4_000_000  # numbers that are held in memory at a time


class Exchanged(NamedTuple):
    """Observed statistics of pairs of methods, compared with all exchanges of their labels.

    Attributes:
        statistic: The observed statistics, `[P]`.
        share: The share of the exchanges with a statistic at least as far from 0, `[P]`.
        smallest: The smallest share that is possible with this number of distinct values.
    """

    statistic: Floats
    share: Floats
    smallest: float


def flip_signs(differences: Floats, seed: int) -> Exchanged:
    """Compares means of paired differences with those under flips of their signs.

    Args:
        differences: `[P, n]`.
        seed: Seed of random flips.

    Returns:
        The means and their shares.
    """
    num = differences.shape[1]
    signs = _signs(num, seed)
    share = _shares_beyond(differences.sum(axis=1), differences, lambda part: part @ signs.T)
    smallest = max(2 / 2**num, 1 / (1 + NUM_RANDOM))
    return Exchanged(differences.mean(axis=1), share, smallest)


def reassign(pooled: Floats, size: int, seed: int, *, mirrored: bool) -> Exchanged:
    """Compares Welch's statistics with those under assignments of all values to the groups.

    Args:
        pooled: The values of both groups, `[P, n + m]`, those of the first group first.
        size: The size n of the first group.
        seed: Seed of random assignments.
        mirrored: Whether the values are ranks, whose distribution is symmetric.

    Returns:
        The statistics and their shares.
    """
    num = pooled.shape[1]
    total = math.comb(num, size)
    exact = total <= MOST_EXACT
    rows = _choices(num, size) if exact else random_choices(num, size, seed)
    centred = pooled - pooled.mean(axis=1, keepdims=True)
    observed = _welch_statistics(centred, rows[:1])[:, 0]
    share = _shares_beyond(observed, centred, lambda part: _welch_statistics(part, rows))
    # The mirror image of the most extreme assignment is as extreme, of ranks or equal groups.
    num_extreme = 2 if mirrored or 2 * size == num else 1
    return Exchanged(observed, share, max(num_extreme / total, 1 / (1 + NUM_RANDOM)))


def _welch_statistics(centred: Floats, rows: Floats) -> Floats:
    """Returns Welch's statistic of each assignment: rows of ones (first group) and zeros."""
    total = (centred**2).sum(axis=1, keepdims=True)
    n = int(rows[0].sum())
    m = centred.shape[1] - n
    sums, squares = centred @ rows.T, centred**2 @ rows.T
    within_a = squares - sums**2 / n
    within_b = (total - squares) - sums**2 / m  # the other group's sum is minus this one's
    # What is below the rounding of these sums is rounding.
    least = 1e-12 * np.where(total > 0, total, 1.0)
    variance = np.maximum(within_a, least) / (n - 1) / n + np.maximum(within_b, least) / (m - 1) / m
    return np.asarray(np.where(total > 0, (sums / n + sums / m) / np.sqrt(variance), 0.0))


def rank_sums(strata: Sequence[tuple[Floats, int]]) -> Exchanged:
    """Compares sums over strata of the first group's ranks with their exact distribution.

    Args:
        strata: Ranks `[P, N]`, the first group's first, and the size of that group; with the same
            product of group sizes in all strata.

    Returns:
        The average probabilities of improvement less one half, and their shares.
    """
    # Tied ranks are halves.
    doubled = [np.rint(2 * ranks).astype(np.int64) for ranks, _ in strata]
    sizes = [size for _, size in strata]
    kinds = zip(*(np.sort(ranks, axis=1).tolist() for ranks in doubled), strict=True)
    observed = sum(ranks[:, :size].sum(axis=1) for ranks, size in zip(doubled, sizes, strict=True))
    statistics, shares = [], []
    num, size = strata[0][0].shape[1], sizes[0]
    scale = 2 * size * (num - size) * len(strata)
    for kind, found in zip(kinds, np.asarray(observed).tolist(), strict=True):
        key = tuple((tuple(ranks), size) for ranks, size in zip(kind, sizes, strict=True))
        chances, centre = _sum_distribution(key)
        far = np.abs(np.arange(len(chances)) - centre) >= abs(found - centre) - 1e-6
        statistics.append((found - centre) / scale)
        shares.append(min(1.0, float(chances[far].sum())))
    smallest = 2 / math.prod(math.comb(r.shape[1], size) for r, size in strata)
    return Exchanged(np.array(statistics), np.array(shares), smallest)


@lru_cache(maxsize=256)
def _sum_distribution(strata: tuple[tuple[tuple[int, ...], int], ...]) -> tuple[Floats, float]:
    """Returns the probability of each sum of doubled ranks over the strata, and the center."""
    chances, centre = np.ones(1), 0.0
    for doubled, size in strata:
        chances = np.convolve(chances, _rank_sums(doubled, size))
        centre += float(sum(doubled)) * size / len(doubled)
    return chances, centre


@lru_cache(maxsize=256)
def _rank_sums(doubled: tuple[int, ...], size: int) -> Floats:
    """Returns the probability of each sum of `size` of the doubled ranks, drawn at random."""
    ways = np.zeros((size + 1, sum(doubled) + 1))
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    return np.asarray(ways[size] / ways[size].sum())


def exchange_within(strata: Sequence[tuple[Floats, int]], seed: int) -> Exchanged:
    """Compares average probabilities of improvement with random exchanges within strata.

    Args:
        strata: As for `rank_sums`, with any sizes.
        seed: Seed of the exchanges.

    Returns:
        The average probabilities less one half, and their shares.
    """
    shares = np.hstack(
        [
            (ranks - (ranks.shape[1] + 1) / 2) / (size * (ranks.shape[1] - size) * len(strata))
            for ranks, size in strata
        ]
    )
    choices = np.hstack(
        [
            random_choices(ranks.shape[1], size, (seed, place))
            for place, (ranks, size) in enumerate(strata)
        ]
    )
    observed = shares @ choices[0]
    smallest = 2 / math.prod(math.comb(r.shape[1], size) for r, size in strata)
    share = _shares_beyond(observed, shares, lambda part: part @ choices.T)
    return Exchanged(observed, share, max(smallest, 1 / (1 + NUM_RANDOM)))


def _shares_beyond(
    observed: Floats, values: Floats, statistics: Callable[[Floats], Floats]
) -> Floats:
    """Returns how many of each pair's statistics, `[P, exchanges]`, are as far from 0."""
    shares = np.empty(len(values))
    step = max(1, _CELLS // MOST_EXACT)
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        # Equal sums in another order differ by rounding; the observed exchange must count itself.
        least = np.abs(observed[part, None]) * (1 - 1e-9)
        shares[part] = (np.abs(statistics(values[part])) >= least).mean(axis=1)
    return shares


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
def random_choices(num: int, size: int, seed: int | tuple[int, int]) -> Floats:
    """Returns random ways to choose `size` of `num` runs, after the observed one.

    Args:
        num: How many runs there are.
        size: How many are chosen.
        seed: Seed of the draws.

    Returns:
        Rows of ones (chosen) and zeros, `[1 + NUM_RANDOM, num]`.
    """
    first = np.asarray(np.arange(num) < size, dtype=np.float64)
    rows = np.tile(first, (NUM_RANDOM, 1))
    return np.vstack([first, np.random.default_rng(seed).permuted(rows, axis=1)])
