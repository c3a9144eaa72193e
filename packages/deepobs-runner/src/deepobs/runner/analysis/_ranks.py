"""Ranks over problems, and whether they differ by more than chance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from ._runs import higher_is_better, run_values


class RankTest(NamedTuple):
    """Average ranks over problems with Friedman's test and Nemenyi's critical difference.

    Attributes:
        ranks: Average rank of each method, best first; 1 is best.
        num_problems: Number of problems all methods were run on.
        p_value: Of Friedman's test (Iman and Davenport's F); NaN with fewer than two problems or
            methods.
        critical_difference: Average ranks that differ by less are not told apart; NaN as above.
        cliques: Groups of neighbouring methods that are not told apart, as long as can be.
    """

    ranks: pd.Series
    num_problems: int
    p_value: float
    critical_difference: float
    cliques: tuple[tuple[str, ...], ...]


def score_matrix(frame: pd.DataFrame) -> pd.DataFrame:
    """Arrange the methods' mean final values, larger being better, for `rank_test`.

    Args:
        frame: A tidy frame of tuned runs (`tuned_runs`).

    Returns:
        One row per problem, one column per method: the mean of the problem's own metric, losses
        with the sign turned; minus infinity where all runs diverged, NaN where there are none.
    """
    runs = run_values(frame)
    signs = runs["metric"].map(lambda metric: 1.0 if higher_is_better(metric) else -1.0)
    runs = runs.assign(score=runs["value"] * signs)
    groups = runs.groupby(["problem", "method"], observed=True)["score"]
    means = groups.mean().fillna(-math.inf)
    return means.unstack("method")


def rank_test(scores: pd.DataFrame, alpha: float = 0.05) -> RankTest:
    r"""Test whether methods rank differently over problems.

    Ranks \(r\) within each of N problems (ties share the mean rank), averaged per method to
    \(R_j\). Friedman's \( \chi_F^2 = \frac{12 N}{k(k+1)} \bigl( \sum_j R_j^2 - \frac{k(k+1)^2}{4}
    \bigr) \) in Iman and Davenport's form
    \( F = \frac{(N-1) \chi_F^2}{N(k-1) - \chi_F^2} \) with \(k-1, (k-1)(N-1)\) degrees of freedom,
    and Nemenyi's \( \mathrm{CD} = q_\alpha \sqrt{k(k+1) / 6N} \), with \(q_\alpha\) the Studentized
    range quantile over \(\sqrt 2\).

    Args:
        scores: One row per problem, one column per method, larger is better (`score_matrix`).
            Problems with a missing value are left out.
        alpha: Level of the critical difference.

    Returns:
        Ranks, test and critical difference.

    Source:
        Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7 (2006),
        section 3.2.
    """
    complete = scores.dropna()
    num, k = complete.shape
    if num == 0:
        nothing = pd.Series(dtype=np.float64)
        return RankTest(nothing, 0, math.nan, math.nan, ())
    ranks = complete.rank(axis=1, ascending=False).mean().sort_values(kind="stable")
    if num < 2 or k < 2:
        return RankTest(ranks, num, math.nan, math.nan, ())
    chi = 12 * num / (k * (k + 1)) * (float((ranks**2).sum()) - k * (k + 1) ** 2 / 4)
    rest = num * (k - 1) - chi
    # All problems agree on one order: the statistic has no finite value, the p-value is the limit.
    p_value = (
        float(stats.f.sf((num - 1) * chi / rest, k - 1, (k - 1) * (num - 1)))
        if rest > 1e-9
        else 0.0
    )
    quantile = float(stats.studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2)
    difference = quantile * math.sqrt(k * (k + 1) / (6 * num))
    return RankTest(ranks, num, p_value, difference, _cliques(ranks, difference))


def _cliques(ranks: pd.Series, difference: float) -> tuple[tuple[str, ...], ...]:
    names, values = [str(name) for name in ranks.index], ranks.to_numpy()
    cliques: list[tuple[str, ...]] = []
    reached = 0
    for start in range(len(names)):
        end = int(np.searchsorted(values, values[start] + difference, side="right"))
        if end > reached and end - start > 1:
            cliques.append(tuple(names[start:end]))
        reached = max(reached, end)
    return tuple(cliques)
