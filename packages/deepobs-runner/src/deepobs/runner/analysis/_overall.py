"""Conclusions over all problems: normalized scores and the probability of improvement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._bootstrap import stratified_bootstrap
from ._permutation import UNTESTED, holm, stratified_permutation_tests, within_problems
from ._progress import Progress
from ._runs import epochs_differ, run_values, value_before_training
from ._samples import Contest, contests
from ._t_tests import average_improvements, improvement_intervals
from ._tuning import judged_runs, tuned_settings

Floats = NDArray[np.float64]


def normalized_scores(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.DataFrame:
    r"""Returns the final values of all problems on one scale.

    \[ s = \max\bigl(0, (m - m_0) / (m^* - m_0)\bigr) \] with the metric \(m_0\) before training and
    the best method's mean \(m^*\): 0 is no training, 1 the best method; logarithms are used if
    losses span decades (`Progress`). A diverged run scores 0. If no method's mean is better than
    before training, or if this is unknown, all scores of the problem are NaN.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to report, as returned by `tuned_settings` (computed by default).

    Returns:
        The table of `run_values` for the tuned runs, with the additional column `score`.
    """
    runs = run_values(judged_runs(frame, tuned))
    scores = pd.Series(math.nan, index=runs.index)
    for problem, group in runs.groupby("problem", observed=True):
        metric, larger = str(group["metric"].iloc[0]), bool(group["larger"].iloc[0])
        start = value_before_training(frame, str(problem), metric)
        means = group.groupby("method", observed=True)["value"].mean()
        best = means.max() if larger else means.min()
        scores[group.index] = Progress(start, float(best), larger=larger).of(group["value"])
    return runs.assign(score=scores)


def aggregate_table(
    frame: pd.DataFrame,
    tuned: pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Aggregates each method over the problems that all methods were run on.

    All problems have the same weight, regardless of their number of runs. The interquartile mean
    leaves out a quarter of the runs at each end. Failures on a few problems may therefore not lower
    it, so look at the mean over problems, too. Problems without a scale (`normalized_scores`) are
    left out.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to report, as returned by `tuned_settings` (computed by default).
        confidence: Coverage of the intervals.
        num_resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.

    Returns:
        One row per method, best first: `iqm` (interquartile mean of `normalized_scores`), its
        stratified bootstrap interval `low`, `high`, `mean` (over problems, of the runs' means),
        `num_problems`, `num_runs`. Empty if no problem is common to all methods.

    Source:
        Agarwal et al., NeurIPS 2021, arXiv 2108.13264.
    """
    scores = normalized_scores(frame, tuned)
    columns = ["method", "iqm", "low", "high", "mean", "num_problems", "num_runs"]
    methods = scores["method"].nunique()
    common = scores.groupby("problem", observed=True)["method"].nunique() == methods
    scores = scores[scores["problem"].isin(common.index[common]) & scores["score"].notna()]
    rows = []
    for method, runs in scores.groupby("method", observed=True):
        strata = [group["score"].to_numpy() for _, group in runs.groupby("problem", observed=True)]
        iqm, low, high = stratified_bootstrap(
            strata, confidence=confidence, num_resamples=num_resamples, seed=seed
        )
        mean = float(np.mean([stratum.mean() for stratum in strata]))
        rows.append((str(method), iqm, low, high, mean, len(strata), len(runs)))
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("iqm", ascending=False, kind="stable", ignore_index=True)


def compare_overall(
    frame: pd.DataFrame,
    *,
    tuned: pd.DataFrame | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """Compares each pair of methods over all problems that both were trained on for equally long.

    Problems on which the two methods were trained for different numbers of epochs are left out,
    because final values would compare the length of training. Runs with the same seed count as one
    run, their mean.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to compare, as returned by `tuned_settings` (computed by default).
        alpha: Significance level for `better`, and one minus the coverage of the intervals.
        seed: Seed of the permutations.

    Returns:
        One row per pair with such a problem: `method_a`, `method_b`, `num_problems`, `problems`,
        `probability` that a run of a is better than one of b, averaged over problems, its interval
        `low`, `high` by Brunner and Munzel's variances (NaN if a method has a single run on one of
        them, or where no run of the worse method does better than one of the other), `p_value`
        (`stratified_permutation_test`), `p_holm` (Holm's correction for the pairs), `p_attainable`
        (the smallest `p_holm` that so many runs could have given), and `better`: the method that
        the test is in favor of where `p_holm` <= alpha, else "".

    Source:
        Average probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264.
        Interval: Brunner and Munzel, Biometrical Journal 42 (2000), 17-25.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    found = contests(frame, tuned)
    batches: dict[_Batch, list[tuple[str, str]]] = {}
    for pair in combinations(sorted({name for contest in found for name in contest.samples}), 2):
        if batch := _batch(found, *pair):
            batches.setdefault(batch, []).append(pair)
    rows = [row for item in batches.items() for row in _compared(found, *item, 1 - alpha, seed)]
    rows.sort(key=lambda row: (row["method_a"], row["method_b"]))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table["p_holm"] = holm(table["p_value"].to_numpy(dtype=np.float64))
    table["p_attainable"] = holm(table["p_attainable"].to_numpy(dtype=np.float64))
    table["better"] = table["favours"].where(table["p_holm"] <= alpha, "")
    return table.drop(columns="favours")


_COLUMNS = [
    "method_a",
    "method_b",
    "num_problems",
    "problems",
    "probability",
    "low",
    "high",
    "p_value",
    "p_holm",
    "p_attainable",
    "favours",
    "better",
]


# The places of the contests that two methods share, and the number of runs of each on them: pairs
# with the same are compared at once.
_Batch: TypeAlias = tuple[tuple[int, int, int], ...]


def _batch(found: Sequence[Contest], first: str, second: str) -> _Batch:
    """Returns the problems that count for two methods: both were trained equally long."""
    samples = [(c.samples.get(first), c.samples.get(second)) for c in found]
    return tuple(
        (place, len(a.values), len(b.values))
        for place, (a, b) in enumerate(samples)
        if a is not None and b is not None and not epochs_differ(a.epochs, b.epochs)
    )


def _compared(
    found: Sequence[Contest],
    batch: _Batch,
    pairs: Sequence[tuple[str, str]],
    confidence: float,
    seed: int,
) -> list[dict[str, Any]]:
    """Returns the rows of `compare_overall` for pairs of methods on the same problems."""
    ranks = []
    for contest in (found[place] for place, _, _ in batch):
        values = {name: sample.values for name, sample in contest.samples.items()}
        a, b = (np.array([values[pair[side]] for pair in pairs]) for side in (0, 1))
        ranks += within_problems([(a, b)], larger=contest.larger)
    tests = [UNTESTED] * len(pairs)
    probability = average_improvements(ranks)
    low = high = np.full(len(pairs), math.nan)
    if min(min(sizes) for _, *sizes in batch) > 1:
        tests = stratified_permutation_tests(ranks, seed=seed)
        _, low, high = improvement_intervals(ranks, confidence=confidence)
    problems = tuple(found[place].problem for place, _, _ in batch)
    columns = (probability.tolist(), low.tolist(), high.tolist())
    return [
        {
            "method_a": a,
            "method_b": b,
            "num_problems": len(problems),
            "problems": problems,
            "favours": a if test.statistic > 0 else b,
            "p_value": test.p_value,
            "p_attainable": test.smallest,
            **dict(zip(("probability", "low", "high"), numbers, strict=True)),
        }
        for (a, b), test, *numbers in zip(pairs, tests, *columns, strict=True)
    ]
