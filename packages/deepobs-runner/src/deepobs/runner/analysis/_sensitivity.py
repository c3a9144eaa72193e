"""Sensitivity to the learning rate."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from ._progress import Progress
from ._runs import Value, run_values, value_before_training
from ._settings import all_but_rate, same_rate
from ._tuning import tuned_settings

_GROUP = ["problem", "method"]


def sensitivity_curve(
    frame: pd.DataFrame, value: Value = "final", *, tuned: pd.DataFrame | None = None
) -> pd.DataFrame:
    r"""Returns each method's test performance as a function of the learning rate.

    Only settings that differ from the chosen one in the learning rate alone are used.

    Args:
        frame: A tidy frame.
        value: Whether to use the "final" or the "best" value of each run.
        tuned: The settings chosen, as returned by `tuned_settings` (computed by default, by
            `value`).

    Returns:
        One row per problem, method and learning rate, rising: `metric`, `larger` (whether
        larger values are better), `score` (mean over the
        seeds that all learning rates share, or over all runs where they share none; NaN if one of
        these runs diverged), `progress` (see `sensitivity_table`; 0 if diverged, NaN if no rate did
        better than no training), `log_scale` (whether that is one of logarithms), `num_runs`,
        `num_diverged`.
    """
    tuned = tuned_settings(frame, value=value) if tuned is None else tuned
    chosen = tuned.set_index(_GROUP)["searched_setting"].map(all_but_rate).to_dict()
    runs = run_values(frame, value=value)
    runs = runs[runs["role"] != "repeat"]
    tables = []
    before = cache(partial(value_before_training, frame))
    for key, group in runs.groupby(_GROUP, observed=True, sort=True):
        problem, method = str(key[0]), str(key[1])
        alike = group[group["setting"].map(all_but_rate) == chosen.get((problem, method))]
        if len(alike):
            start = before(problem, str(alike["metric"].iloc[0]))
            tables.append(_curve(alike, start).assign(problem=problem, method=method))
    if not tables:
        return pd.DataFrame(columns=_CURVE_COLUMNS)
    return pd.concat(tables, ignore_index=True)[_CURVE_COLUMNS]


_CURVE_COLUMNS = [
    *_GROUP,
    "learning_rate",
    "metric",
    "larger",
    "score",
    "progress",
    "log_scale",
    "num_runs",
    "num_diverged",
]


def _curve(runs: pd.DataFrame, start: float) -> pd.DataFrame:
    metric, larger = str(runs["metric"].iloc[0]), bool(runs["larger"].iloc[0])
    runs = runs.assign(learning_rate=same_rate(runs["learning_rate"]))
    by_rate = runs.groupby("learning_rate", sort=True)
    diverged = (runs["status"] == "diverged").groupby(runs["learning_rate"], sort=True).sum()
    shared = set.intersection(*by_rate["seed"].agg(set)) if len(by_rate) else set()
    counted = runs[runs["seed"].isin(shared)] if shared else runs
    failed = counted["value"].isna().groupby(counted["learning_rate"], sort=True).any()
    scores = counted.groupby("learning_rate", sort=True)["value"].mean().mask(failed)
    best = scores.max() if larger else scores.min()
    progress = Progress(start, float(best), larger=larger)
    return pd.DataFrame(
        {
            "learning_rate": scores.index,
            "metric": metric,
            "larger": larger,
            "score": scores.to_numpy(),
            "progress": progress.of(scores),
            "log_scale": progress.logarithmic,
            "num_runs": by_rate.size().to_numpy(),
            "num_diverged": diverged.to_numpy(),
        }
    )


def sensitivity_table(
    frame: pd.DataFrame,
    *,
    tolerance: float = 0.05,
    value: Value = "final",
    tuned: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Measures how sensitive each method is to the learning rate.

    With the metric \(m_0\) before training (mean over the problem's runs), \(m(\eta)\) after
    training with the rate \(\eta\), and the best \(m^*\) of these, the progress is \( p(\eta) =
    \max(0, (m(\eta) - m_0) / (m^* - m_0)) \): 1 for the best rate, 0 for a useless one; in
    logarithms if losses span decades (`Progress`). The *good basin* consists of the neighboring
    rates around the best with \( p \ge 1 - \) `tolerance`; its width is \(
    \log_{10}(\eta_{\max}/\eta_{\min}) \), in decades, of the rates tried. The *sensitivity* is the
    mean of \( 1 - p \) over all rates, which is 0 if the rate does not matter. Both are NaN with a
    single rate, or if no rate is better than no training.

    Args:
        frame: A tidy frame.
        tolerance: The fraction of the best rate's progress that a good rate may lack.
        value: Whether to use the "final" or the "best" value of each run.
        tuned: The chosen settings, as for `sensitivity_curve`.

    Returns:
        One row per problem and method: `metric`, `log_scale` (whether progress is measured in
        logarithms), `num_rates`, `best_rate`, `best_score`,
        `basin_low`, `basin_high`, `basin_decades`, `sensitivity`, `grid_edge` ("low" or "high": the
        best rate on test data is the smallest or largest tried, so better ones may lie beyond;
        else ""; `grid_edges` is about the chosen rate), `basin_open` (the basin reaches the edge of
        the grid, so its width is a lower bound).

    Source:
        The sensitivity is that of Wortsman et al., Small-scale proxies for large-scale Transformer
        training instabilities, 2023, arXiv 2309.14322, section 2.2, in units of the progress made.
        The basin is our definition.
    """
    curves = sensitivity_curve(frame, value, tuned=tuned)
    rows = [
        {"problem": str(key[0]), "method": str(key[1])} | _basin(curve, tolerance)
        for key, curve in curves.groupby(_GROUP, sort=True)
    ]
    return pd.DataFrame(rows, columns=_TABLE_COLUMNS)


_TABLE_COLUMNS = [
    *_GROUP,
    "metric",
    "log_scale",
    "num_rates",
    "best_rate",
    "best_score",
    "basin_low",
    "basin_high",
    "basin_decades",
    "sensitivity",
    "grid_edge",
    "basin_open",
]


def _basin(curve: pd.DataFrame, tolerance: float) -> dict[str, Any]:
    rates = curve["learning_rate"].to_numpy(dtype=np.float64)
    progress = curve["progress"].to_numpy(dtype=np.float64)
    scores = curve["score"].to_numpy(dtype=np.float64)
    metric, last = str(curve["metric"].iloc[0]), len(rates) - 1
    row: dict[str, Any] = dict.fromkeys(_TABLE_COLUMNS[5:10], math.nan)
    row |= {
        "metric": metric,
        "log_scale": bool(curve["log_scale"].iloc[0]),
        "num_rates": len(rates),
        "grid_edge": "",
        "basin_open": False,
    }
    if np.isnan(scores).all():
        return row
    best = int((np.nanargmax if curve["larger"].iloc[0] else np.nanargmin)(scores))
    row |= {"best_rate": rates[best], "best_score": scores[best]}
    if last == 0 or np.isnan(progress).all():
        return row
    low = high = best
    while low > 0 and progress[low - 1] >= 1 - tolerance:
        low -= 1
    while high < last and progress[high + 1] >= 1 - tolerance:
        high += 1
    return row | {
        "basin_low": rates[low],
        "basin_high": rates[high],
        "basin_decades": math.log10(rates[high] / rates[low]) if rates[low] > 0 else math.nan,
        "sensitivity": float(np.mean(1 - progress)),
        "grid_edge": {0: "low", last: "high"}.get(best, ""),
        "basin_open": low == 0 or high == last,
    }
