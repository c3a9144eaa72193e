"""Tests by t approximations that allow for unequal variances."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def t_test(groups: Sequence[Floats]) -> float:
    """Returns the p-value of Student's t test of differences, or of Welch's of two groups.

    Args:
        groups: Paired differences alone, or two groups of values; at least two values each.

    Returns:
        The two-sided p-value: 1 for equal means, else 0 where nothing varies.

    Source:
        Welch, Biometrika 34 (1947), 28-35.
    """
    parts = np.array([group.var(ddof=1) / len(group) for group in groups])
    freedom = np.array([len(group) - 1 for group in groups])
    distance = groups[0].mean() - (groups[1].mean() if len(groups) > 1 else 0.0)
    return _t_p_value(float(distance), parts, freedom)


def brunner_munzel(strata: Sequence[tuple[Floats, int]]) -> float:
    """Returns the p-value of the average probability of improvement by a t approximation.

    Args:
        strata: For each problem the ranks of all runs, the first method's first, and their number.

    Returns:
        The two-sided p-value of "the average over problems is one half", for variances and
        distributions that may differ between methods and problems.

    Source:
        Brunner and Munzel, Biometrical Journal 42 (2000), 17-25, for one problem; the average adds
        distances and variances.
    """
    return _t_p_value(*_improvement(strata))


def improvement_interval(
    strata: Sequence[tuple[Floats, int]], *, confidence: float = 0.95
) -> tuple[float, float]:
    """Returns Brunner and Munzel's interval of the average probability of improvement.

    Args:
        strata: As for `brunner_munzel`.
        confidence: The interval's coverage.

    Returns:
        Lower and upper end, between 0 and 1; NaN, NaN where nothing varies: groups wholly apart
        are no sign of certainty.
    """
    distance, parts, freedom = _improvement(strata)
    if not parts.sum() > 0:
        return math.nan, math.nan
    margin = stats.t.ppf((1 + confidence) / 2, _freedom(parts, freedom)) * math.sqrt(parts.sum())
    low, high = np.clip([0.5 + distance - margin, 0.5 + distance + margin], 0.0, 1.0)
    return float(low), float(high)


def _improvement(
    strata: Sequence[tuple[Floats, int]],
) -> tuple[float, Floats, NDArray[np.int64]]:
    """Returns the average probability less one half, the parts of its variance, their freedom."""
    parts, freedom, distance = [], [], 0.0
    for ranks, size in strata:
        scale = size * (len(ranks) - size) * len(strata)
        for group in (ranks[:size], ranks[size:]):
            placements = group - stats.rankdata(group)  # the other group's runs that are worse
            parts.append(len(group) * placements.var(ddof=1) / scale**2)
            freedom.append(len(group) - 1)
        distance += float((ranks[:size] - ranks.mean()).sum()) / scale
    return distance, np.array(parts), np.array(freedom)


def _freedom(parts: Floats, freedom: NDArray[np.int64]) -> float:
    """Returns Welch's and Satterthwaite's degrees of freedom of a sum of variances."""
    shares = parts / parts.sum()  # squares of the variances of huge values would overflow
    return float(1 / (shares**2 / freedom).sum())


def _t_p_value(distance: float, parts: Floats, freedom: NDArray[np.int64]) -> float:
    """Returns a two-sided p-value of a distance whose variance is a sum of parts."""
    if distance == 0:
        return 1.0
    if not parts.sum() > 0:
        return 0.0
    statistic = abs(distance) / math.sqrt(parts.sum())
    return float(2 * stats.t.sf(statistic, _freedom(parts, freedom)))
