"""The number of further runs that would show a difference of two methods."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from scipy import stats

_MOST = 100  # more runs than that are not promised
_POWER = 0.8


def more_runs(
    p_value: float, p_t: float, freedom: float, num: int, *, alpha: float, least: int
) -> int | None:
    r"""Estimates how many more runs would make a difference significant.

    If the true difference is the observed one, the t statistic t of n runs becomes about \( t
    \sqrt{n'/n} \) with \( n' \) runs. The result is based on the smallest n' for which this is
    above \( t_{1-\alpha/2} + z_{0.8} \): a significant result with a probability of 80 %.

    Args:
        p_value: The current two-sided p-value.
        p_t: That of the t test alone.
        freedom: Its degrees of freedom.
        num: How many runs each method has.
        alpha: The level wanted.
        least: The fewest runs that can be significant at all.

    Returns:
        The number of runs to add to each method; 0 if the p-value is at most `alpha` already,
        `None` if more than 100, or if nothing can be estimated.
    """
    if p_value <= alpha:
        return 0
    if math.isnan(p_t) or not freedom > 0:
        return None
    statistic = float(stats.t.isf(p_t / 2, freedom))
    total = np.arange(max(num + 1, least), num + _MOST + 1)
    wanted = stats.t.isf(alpha / 2, freedom * total / num) + stats.norm.ppf(_POWER)
    enough = total[statistic * np.sqrt(total / num) >= wanted]
    return int(enough[0]) - num if len(enough) else None


def most_runs(counts: Iterable[int | None]) -> int | None:
    """Returns the largest of several numbers of runs; `None` (more than 100) is the largest.

    Args:
        counts: What `more_runs` returned.

    Returns:
        Their largest; 0 if there are none.
    """
    found = list(counts)
    known = [count for count in found if count is not None]
    return None if len(known) < len(found) else max(known, default=0)
