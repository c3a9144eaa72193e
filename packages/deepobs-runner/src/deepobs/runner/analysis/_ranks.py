"""Ranks over problems, and whether they differ by more than chance."""

from __future__ import annotations

import math
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ._exchanges import MOST_EXACT, NUM_RANDOM
from ._runs import run_values, value_before_training

Floats = NDArray[np.float64]


class RankTest(NamedTuple):
    """Average ranks over problems with Friedman's test and Nemenyi's critical difference.

    Attributes:
        ranks: Average rank of each method, best first; 1 is best.
        num_problems: Number of problems all methods were run on.
        p_value: Of Friedman's test; NaN with fewer than two problems or methods.
        smallest: The smallest p-value that so many problems and methods can give.
        critical_difference: The least significant difference of average ranks; NaN unless the test
            rejects.
        cliques: Largest groups of neighboring methods that do not differ significantly: all in one
            unless the test rejects.
    """

    ranks: pd.Series
    num_problems: int
    p_value: float
    smallest: float
    critical_difference: float
    cliques: tuple[tuple[str, ...], ...]


def score_matrix(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the methods' mean final values for `rank_test`, with larger values being better.

    A diverged run counts as the worst final value of any run on the problem, or as the mean before
    training if that is worse. The mean of the remaining runs would be too favorable.

    Args:
        frame: A tidy frame of tuned runs (`tuned_runs`).

    Returns:
        One row per problem and one column per method: the mean of the problem's primary metric,
        negated if smaller is better; minus infinity if all runs diverged, NaN if there are none.
    """
    runs = run_values(frame)
    runs = runs.assign(score=runs["value"].where(runs["larger"], -runs["value"]))
    means: dict[str, dict[str, float]] = {}
    for problem, group in runs.groupby("problem", observed=True):
        metric, larger = str(group["metric"].iloc[0]), bool(group["larger"].iloc[0])
        start = value_before_training(frame, str(problem), metric)
        worst = pd.Series([*group["score"], start if larger else -start]).min()
        row = means.setdefault(str(problem), {})
        for method, scores in group.groupby("method", observed=True)["score"]:
            finished = bool(scores.notna().any())
            row[str(method)] = float(scores.fillna(worst).mean()) if finished else -math.inf
    table = pd.DataFrame.from_dict(means, orient="index")
    return table.sort_index(axis=1).rename_axis(index="problem", columns="method")


def rank_test(scores: pd.DataFrame, alpha: float = 0.05) -> RankTest:
    r"""Tests whether methods rank differently over problems.

    Ranks \(r\) within each of N problems (ties share the mean rank), averaged per method to
    \(R_j\). Friedman's \( \chi_F^2 = \frac{12 N}{k(k+1)} \bigl( \sum_j R_j^2 - \frac{k(k+1)^2}{4}
    \bigr) \) grows with \(\sum_j R_j^2\). Its p-value is the share of the permutations of ranks
    within the problems with at least as large a sum: of all permutations if there are at most
    10,000 (with the ranks of the first problem fixed), otherwise of 9,999 random ones and the
    observed one. The usual approximations by \(\chi^2\) and F reject much too often with two to
    four problems. If the test rejects, the critical difference is Nemenyi's \( \mathrm{CD} =
    q_\alpha \sqrt{k(k+1) / 6N} \), with \(q_\alpha\) the Studentized range quantile over \(\sqrt
    2\).

    Args:
        scores: One row per problem, one column per method, larger is better (`score_matrix`).
            Problems with a missing value are left out.
        alpha: Level of the test and the critical difference.

    Returns:
        Ranks, test and critical difference.

    Source:
        Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7 (2006),
        section 3.2; permutations: Friedman, JASA 32 (1937), 675-701.
    """
    complete = scores.dropna()
    num, k = complete.shape
    if num == 0:
        return RankTest(pd.Series(dtype=np.float64), 0, math.nan, math.nan, math.nan, ())
    table = complete.rank(axis=1, ascending=False)
    ranks = table.mean().sort_values(kind="stable")
    if num < 2 or k < 2:
        return RankTest(ranks, num, math.nan, math.nan, math.nan, ())
    p_value = _friedman(table.to_numpy(dtype=np.float64))
    smallest = max(1 / math.factorial(k) ** (num - 1), 1 / (1 + NUM_RANDOM))
    if p_value > alpha:
        together = (tuple(str(name) for name in ranks.index),)
        return RankTest(ranks, num, p_value, smallest, math.nan, together)
    quantile = float(stats.studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2)
    difference = quantile * math.sqrt(k * (k + 1) / (6 * num))
    return RankTest(ranks, num, p_value, smallest, difference, _cliques(ranks, difference))


def _friedman(ranks: Floats) -> float:
    """Returns the p-value of ranks `[N, k]` by permuting them within rows."""
    num, k = ranks.shape
    if math.factorial(k) ** (num - 1) <= MOST_EXACT:
        orders = np.array(list(permutations(range(k))))
        totals = ranks[:1]
        for row in ranks[1:]:
            totals = (totals[:, None, :] + row[orders]).reshape(-1, k)
    else:
        generator = np.random.default_rng(0)
        totals = np.zeros((NUM_RANDOM, k))
        for row in ranks:
            totals += generator.permuted(np.tile(row, (NUM_RANDOM, 1)), axis=1)
        totals = np.vstack([totals, ranks.sum(axis=0)])
    sums = (totals**2).sum(axis=1)  # of halves: exact
    return float((sums >= (ranks.sum(axis=0) ** 2).sum()).mean())


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
