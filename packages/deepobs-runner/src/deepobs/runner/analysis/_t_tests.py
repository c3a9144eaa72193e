"""Tests by t approximations that allow for unequal variances, of many pairs of methods at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def t_tests(groups: Sequence[Floats]) -> Floats:
    """Returns the p-values of Student's t tests of differences, or of Welch's of two groups.

    Args:
        groups: Paired differences alone, `[P, n]`, or two groups of values, `[P, n]` and `[P, m]`;
            at least two values each.

    Returns:
        The two-sided p-values, `[P]`: 1 for equal means, else 0 where nothing varies.

    Source:
        Welch, Biometrika 34 (1947), 28-35.
    """
    parts = np.array([group.var(axis=1, ddof=1) / group.shape[1] for group in groups])
    freedom = np.array([group.shape[1] - 1 for group in groups])
    distance = groups[0].mean(axis=1)
    if len(groups) > 1:
        distance = distance - groups[1].mean(axis=1)
    return _t_p_values(distance, parts, freedom)


def brunner_munzel(strata: Sequence[tuple[Floats, int]]) -> Floats:
    """Returns the p-values of average probabilities of improvement by a t approximation.

    Args:
        strata: For each problem the ranks of all runs, `[P, N]`, the first method's first, and the
            number of its runs.

    Returns:
        The two-sided p-values of "the average over problems is one half", `[P]`, for variances and
        distributions that may differ between methods and problems.

    Source:
        Brunner and Munzel, Biometrical Journal 42 (2000), 17-25, for one problem; the average adds
        distances and variances.
    """
    return _t_p_values(*_improvements(strata))


def improvement_intervals(
    strata: Sequence[tuple[Floats, int]], *, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Returns average probabilities of improvement with Brunner and Munzel's intervals.

    Args:
        strata: As for `brunner_munzel`.
        confidence: Coverage of the intervals.

    Returns:
        The probabilities, `[P]`, and the lower and upper ends of their intervals, between 0 and 1;
        NaN where nothing varies: groups wholly apart are no sign of certainty.
    """
    distance, parts, freedom = _improvements(strata)
    variance = parts.sum(axis=0)
    varies = variance > 0
    quantile = stats.t.ppf((1 + confidence) / 2, _freedom(parts, freedom))
    margin = np.where(varies, quantile * np.sqrt(variance), np.nan)
    low, high = (np.clip(0.5 + distance + side * margin, 0.0, 1.0) for side in (-1, 1))
    return 0.5 + distance, low, high


def average_improvements(strata: Sequence[tuple[Floats, int]]) -> Floats:
    """Returns average probabilities of improvement.

    Args:
        strata: As for `brunner_munzel`, of one run or more.

    Returns:
        The probabilities that a run of the first method does better, averaged over problems, `[P]`.
    """
    return 0.5 + _distances(strata)


def _distances(strata: Sequence[tuple[Floats, int]]) -> Floats:
    """Returns average probabilities of improvement less one half, exact at 0."""
    found = np.zeros(len(strata[0][0]))
    for ranks, size in strata:
        num = ranks.shape[1]
        distance = (ranks[:, :size] - (num + 1) / 2).sum(axis=1)
        found += distance / (size * (num - size) * len(strata))
    return found


def _improvements(
    strata: Sequence[tuple[Floats, int]],
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Returns average probabilities less one half, the parts of their variance, their freedom."""
    parts, freedom = [], []
    for ranks, size in strata:
        scale = size * (ranks.shape[1] - size) * len(strata)
        for group in (ranks[:, :size], ranks[:, size:]):
            # The number of the other group's runs that are worse.
            placements = group - stats.rankdata(group, axis=1)
            num = group.shape[1]
            parts.append(num * placements.var(axis=1, ddof=1) / scale**2)
            freedom.append(num - 1)
    return _distances(strata), np.array(parts), np.array(freedom)


def _freedom(parts: Floats, freedom: NDArray[np.int64]) -> Floats:
    """Returns Welch's and Satterthwaite's degrees of freedom of sums of variances, `[P]`."""
    total = parts.sum(axis=0)
    # Shares of the sum, because squares of the variances of huge values would overflow. Where
    # nothing varies the degrees of freedom do not matter.
    shares = parts / np.where(total > 0, total, 1.0)
    weights = (shares**2 / freedom[:, None]).sum(axis=0)
    return np.asarray(1 / np.where(weights > 0, weights, 1.0))


def _t_p_values(distance: Floats, parts: Floats, freedom: NDArray[np.int64]) -> Floats:
    """Returns two-sided p-values of distances whose variances are sums of parts."""
    variance = parts.sum(axis=0)
    statistic = np.abs(distance) / np.sqrt(np.where(variance > 0, variance, 1.0))
    p_values = 2 * stats.t.sf(statistic, _freedom(parts, freedom))
    p_values = np.where(variance > 0, p_values, 0.0)
    return np.where(distance == 0, 1.0, p_values)
