"""Conclusions over all problems: normalised scores and the probability of improvement."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._bootstrap import percentile_interval, stratified_bootstrap
from ._runs import higher_is_better, improves, run_values, value_before_training
from ._tuning import tuned_runs, tuned_settings

Floats = NDArray[np.float64]


def normalized_scores(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.DataFrame:
    r"""Put the final values of all problems on one scale.

    \[ s = \max\bigl(0, (m - m_0) / (m^* - m_0)\bigr) \] with the metric \(m_0\) before training and
    the best method's mean \(m^*\): 0 is no training, 1 the best method. A diverged run scores 0. On
    a problem where no method's mean is better than before training, or where that is not known,
    there is no such scale: all scores are NaN.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to report, as `tuned_settings` returns them (its default).

    Returns:
        `run_values`'s table of the tuned runs with the column `score` more.
    """
    runs = run_values(tuned_runs(frame, tuned))
    scores = pd.Series(math.nan, index=runs.index)
    for problem, group in runs.groupby("problem", observed=True):
        metric = str(group["metric"].iloc[0])
        start = value_before_training(frame, str(problem), metric)
        means = group.groupby("method", observed=True)["value"].mean()
        best = means.max() if higher_is_better(metric) else means.min()
        if improves(best, start, metric):
            scores[group.index] = ((group["value"] - start) / (best - start)).fillna(0.0)
    return runs.assign(score=scores.clip(lower=0.0))


def aggregate_table(
    frame: pd.DataFrame,
    tuned: pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Aggregate each method over the problems that all methods were run on.

    Problems weigh the same, however many runs they have. The interquartile mean leaves out a
    quarter of the runs at each end: a method that fails on a few problems may lose nothing by it,
    so look at the mean over problems too. Problems without a scale (`normalized_scores`) are left
    out.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to report, as `tuned_settings` returns them (its default).
        confidence: The intervals' coverage.
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
    confidence: float = 0.95,
    num_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare each pair of methods over all problems that both were run on.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to compare, as `tuned_settings` returns them (its default).
        confidence: The intervals' coverage.
        num_resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.

    Returns:
        One row per pair: `method_a`, `method_b`, `num_problems`, `problems`, `probability` that a
        run of a does better than one of b, averaged over problems, its bootstrap interval `low`,
        `high` stratified by problem, `sureness` (share of the resamples on the same side of 1/2),
        and `better`: the method the interval is in favour of, else "".

    Source:
        Average probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    runs = run_values(tuned_runs(frame, tuned))
    signs = runs["metric"].map(lambda metric: 1.0 if higher_is_better(metric) else -1.0)
    runs = runs.assign(score=(runs["value"] * signs).fillna(-np.inf))
    groups: dict[str, dict[str, Floats]] = {}
    for key, group in runs.groupby(["method", "problem"], observed=True):
        groups.setdefault(str(key[0]), {})[str(key[1])] = group["score"].to_numpy(dtype=np.float64)
    rows = []
    for a, b in combinations(sorted(groups), 2):
        problems = tuple(name for name in groups[a] if name in groups[b])
        if problems:
            pairs = [(groups[a][name], groups[b][name]) for name in problems]
            row = _improvement(pairs, confidence, num_resamples, seed)
            row["better"] = a if row["low"] > 0.5 else b if row["high"] < 0.5 else ""
            row |= {"num_problems": len(problems), "problems": problems}
            rows.append({"method_a": a, "method_b": b} | row)
    return pd.DataFrame(rows, columns=_COLUMNS)


_COLUMNS = [
    "method_a",
    "method_b",
    "num_problems",
    "problems",
    "probability",
    "low",
    "high",
    "sureness",
    "better",
]


def _improvement(
    pairs: list[tuple[Floats, Floats]], confidence: float, num_resamples: int, seed: int
) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    estimates = np.zeros(num_resamples)
    probability = 0.0
    for a, b in pairs:
        wins = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
        probability += float(wins.mean()) / len(pairs)
        rows = generator.integers(len(a), size=(num_resamples, len(a)))
        columns = generator.integers(len(b), size=(num_resamples, len(b)))
        # How often each run was drawn: the resample's mean of all its pairs is a bilinear form.
        drawn_a = _counts(rows, len(a))
        drawn_b = _counts(columns, len(b))
        estimates += np.einsum("sa,ab,sb->s", drawn_a, wins, drawn_b) / (wins.size * len(pairs))
    low, high = percentile_interval(estimates, confidence)
    side = estimates > 0.5 if probability > 0.5 else estimates < 0.5
    return {"probability": probability, "low": low, "high": high, "sureness": float(side.mean())}


def _counts(draws: NDArray[np.int64], num: int) -> Floats:
    flat = draws + num * np.arange(len(draws))[:, None]
    counts = np.bincount(flat.ravel(), minlength=num * len(draws))
    return np.asarray(counts.reshape(len(draws), num), dtype=np.float64)
