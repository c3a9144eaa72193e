"""Intervals of a difference, the probability of improvement, and what an accuracy can be."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ._metrics import metric_name
from ._permutation import oriented


def within_range(
    ends: tuple[float, float], metric: str, *, least: float = 0.0
) -> tuple[float, float]:
    """Clips an interval of an accuracy to the possible range.

    Args:
        ends: Lower and upper end; NaN stays NaN.
        metric: A column of the tidy frame; other metrics have no such range.
        least: The smallest possible value: 0, or -1 for a difference of accuracies.

    Returns:
        Both ends, no more than 1 and no less than `least` if the metric is an accuracy.
    """
    if metric_name(metric) != "accuracy":
        return ends
    low, high = (float(np.clip(end, least, 1.0)) for end in ends)
    return low, high


def difference_interval(
    a: ArrayLike, b: ArrayLike, *, paired: bool, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Computes Student's t interval of a difference in mean, or Welch's of unpaired groups.

    \[ \bar d \pm t_\nu \, s_d / \sqrt n, \quad \nu = n - 1 \] of paired differences, and
    \[ \bar a - \bar b \pm t_\nu \sqrt{v_a + v_b}, \quad v = s^2 / n, \quad
    \nu = \frac{(v_a + v_b)^2}{v_a^2 / (n_a - 1) + v_b^2 / (n_b - 1)} \] of unpaired groups.
    Percentile intervals of the bootstrap are too narrow for a few runs.

    Args:
        a: Values of one method, `[n]`; NaN is left out, if paired together with its partner.
        b: Values of the other method, `[m]`; in the order of `a` if paired.
        paired: Whether the values are paired.
        confidence: Coverage of the interval, for normal values.

    Returns:
        Lower and upper end; NaN, NaN with fewer than two values, or if they do not vary.

    Source:
        Welch, Biometrika 34 (1947), 28-35.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (a, b))
    groups = [first - second] if paired else [first, second]
    groups = [group[~np.isnan(group)] for group in groups]
    if min(len(group) for group in groups) < 2:
        return math.nan, math.nan
    parts = np.array([group.var(ddof=1) / len(group) for group in groups])
    if not parts.sum() > 0:
        return math.nan, math.nan
    freedom = np.array([len(group) - 1 for group in groups])
    shares = parts / parts.sum()  # squares of the variances of huge values would overflow
    quantile = stats.t.ppf((1 + confidence) / 2, 1 / (shares**2 / freedom).sum())
    centre = groups[0].mean() - (0.0 if paired else groups[1].mean())
    margin = quantile * math.sqrt(parts.sum())
    return float(centre - margin), float(centre + margin)


def probability_of_improvement(a: ArrayLike, b: ArrayLike, *, larger: bool = True) -> float:
    r"""Estimates the probability that a run of one method is better than a run of another.

    \[ P(A > B) = \frac{1}{nm} \sum_{i,j} \bigl( [a_i > b_j] + \tfrac12 [a_i = b_j] \bigr) \]

    Args:
        a: Values of one method, `[n]`; a value that is not finite is a diverged run, worse than any
            other.
        b: Values of the other method, `[m]`.
        larger: Whether larger values are better.

    Returns:
        Between 0 and 1.

    Source:
        Agarwal et al., NeurIPS 2021, arXiv 2108.13264, section 4.3 (Mann and Whitney's U).
    """
    first, second = (oriented(values, larger=larger) for values in (a, b))
    wins = (first[:, None] > second[None, :]) + 0.5 * (first[:, None] == second[None, :])
    return float(wins.mean())
