"""Flags for groups of runs that a mean and a standard deviation misrepresent."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ._progress import Progress
from ._runs import run_values, value_before_training
from ._tuning import grid_edges, tuned_runs, tuned_settings

Floats = NDArray[np.float64]
_GROUP = ["problem", "method"]

# Collapsed: past the first tenth of its epochs a run gains less than 1 % of what can be gained on
# the problem, and ends 5 % or more of it short. In fewer than three epochs past that nothing is
# seen to stand still.
_EARLY = 0.1
_LATER = 3
_FLAT = 0.01
_SHORT = 0.05
# Fell back: a run that ends with less than half of the progress it had made at its best.
_LOST = 0.5
# Bimodal: one in a thousand normal samples looks so, and the modes are 1 % of what can be gained
# apart.
_SIGNIFICANCE = 1e-3
_APART = 0.01
_NULL_SAMPLES = 20_000


class Bimodality(NamedTuple):
    """Whether values fall into two clusters.

    Attributes:
        p_value: Probability that a normal sample of this size splits as well; 1 with fewer than
            four values.
        split: Values up to this one belong to the lower cluster.
        low_mean: Mean of the lower cluster.
        high_mean: Mean of the upper cluster.
        num_low: Number of values in the lower cluster.
    """

    p_value: float
    split: float
    low_mean: float
    high_mean: float
    num_low: int


def bimodality(values: ArrayLike) -> Bimodality:
    r"""Tests whether values fall into two clusters rather than one.

    The values are split in two such that the share of variance between the clusters, \( R^2 = 1 -
    \mathrm{SS}_{within} / \mathrm{SS}_{total} \), is largest, with at least two values in each (one
    alone is an outlier, not a mode). The p-value is the share of 20,000 normal samples of the same
    size that split at least as well.

    Args:
        values: One value per run, `[N]`.

    Returns:
        The p-value and the clusters.

    Source:
        Engelman and Hartigan, Percentage points of a test for clusters, Journal of the American
        Statistical Association 64 (1969), 1647-1648.
    """
    data = np.sort(np.asarray(values, dtype=np.float64))
    if len(data) < 4 or data[0] == data[-1]:
        middle = float(data.mean()) if len(data) else float("nan")
        return Bimodality(1.0, float(data[-1]) if len(data) else middle, middle, middle, len(data))
    shares = _between_shares(data[None])[0]
    size = int(shares.argmax()) + 2
    null = _null_shares(len(data))
    p_value = (1 + int((null >= shares.max()).sum())) / (1 + len(null))
    low, high = data[:size], data[size:]
    return Bimodality(p_value, float(low[-1]), float(low.mean()), float(high.mean()), size)


def _between_shares(samples: Floats) -> Floats:
    """Returns R² of splitting sorted samples `[S, N]` after the k-th, as `[S, N - 3]`."""
    num = samples.shape[1]
    centred = samples - samples.mean(axis=1, keepdims=True)
    spread = np.abs(centred).max(axis=1, keepdims=True)
    centred = centred / np.where(spread == 0, 1, spread)  # squares of huge values overflow
    sums = np.cumsum(centred, axis=1)[:, 1 : num - 2]
    sizes = np.arange(2, num - 1)
    between = sums**2 * num / (sizes * (num - sizes))
    return np.asarray(between / (centred**2).sum(axis=1, keepdims=True))


@lru_cache(maxsize=64)
def _null_shares(num: int) -> Floats:
    samples = np.random.default_rng(0).standard_normal((_NULL_SAMPLES, num))
    return np.asarray(_between_shares(np.sort(samples, axis=1)).max(axis=1))


def collapsed_runs(frame: pd.DataFrame, reference: pd.DataFrame | None = None) -> pd.Series:
    r"""Finds runs that got stuck: flat after the beginning, and far from the best.

    In terms of the training loss, with \(L_0\) before training and \(L^*\) the lowest that any run
    of the problem reached, \(L_0 - L^*\) is the possible improvement. A run is collapsed if it
    gains less than 1 % of it after the first tenth of its epochs, and never comes closer than 5 %
    of it to \(L^*\). For example, a run that predicts the mean of the data is collapsed; a run that
    converged or is slow is not. Runs with fewer than three epochs after the first tenth (at least
    the first epoch) are too short for a decision.

    Args:
        frame: A tidy frame with the runs to check.
        reference: The runs that define the best reachable value; by default `frame`.

    Returns:
        True or False for each finished run, indexed by `run_id`, without diverged runs and runs
        that are too short.
    """
    reference = frame if reference is None else reference
    gains = _gain_to_be_had(reference)
    finished = frame[(frame["status"] == "finished") & frame["train_loss"].notna()]
    early = finished["epoch"] <= (finished["num_epochs"] * _EARLY).clip(lower=1)
    ids = finished["run_id"].astype(object)
    long = (~early).groupby(ids, sort=False).sum() >= _LATER
    lowest = finished["train_loss"].groupby(ids, sort=False).min()
    lowest_early = finished.loc[early, "train_loss"].groupby(ids[early], sort=False).min()
    problems = finished["problem"].astype(object).groupby(ids, sort=False).first()
    scale = problems.map(gains["gain"])
    later_gain = (lowest_early - lowest) / scale
    missing = (lowest - problems.map(gains["lowest"])) / scale
    return ((later_gain < _FLAT) & (missing > _SHORT))[long]


def fallen_runs(frame: pd.DataFrame, reference: pd.DataFrame | None = None) -> pd.Series:
    """Finds runs that lost their progress at the end, which a mean may hide.

    Progress (`Progress`) is measured on the problem's own metric, from the mean before training to
    the best final value of any run. A run fell back if it ends with less than half of the progress
    that it had made at its best epoch.

    Args:
        frame: A tidy frame with the runs to check.
        reference: The runs that define the best reachable value; by default `frame`.

    Returns:
        True or False for each run with a final value, indexed by `run_id`.
    """
    reference = frame if reference is None else reference
    ends, bests = run_values(frame), run_values(frame, value="best")
    reached = run_values(reference)
    found = []
    for problem, runs in ends[ends["value"].notna()].groupby("problem", observed=True):
        metric, larger = str(runs["metric"].iloc[0]), bool(runs["larger"].iloc[0])
        start = value_before_training(reference, str(problem), metric)
        finals = reached.loc[reached["problem"] == problem, "value"]
        best = float(finals.max() if larger else finals.min())
        scale = Progress(start, best, larger=larger)
        peaks = bests.set_index("run_id")["value"].reindex(runs["run_id"])
        fell = scale.of(runs["value"]) < _LOST * scale.of(peaks)
        found.append(pd.Series(fell, index=runs["run_id"].to_numpy()))
    return pd.concat(found) if found else pd.Series(dtype=bool)


def _gain_to_be_had(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns each problem's lowest training loss and its distance from the loss at the start."""
    finished = frame[frame["status"] == "finished"]
    problems = finished["problem"].astype(object)
    start = finished["epoch"] == 0
    lowest = finished["train_loss"].groupby(problems).min()
    before = finished.loc[start, "train_loss"].groupby(problems[start]).mean()
    gain = before - lowest
    return pd.DataFrame({"lowest": lowest, "gain": gain.where(gain > 0)})


def group_flags(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.DataFrame:
    """Flags tuned groups of runs whose mean is misleading.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to judge, as returned by `tuned_settings` (computed by default).

    Returns:
        One row per problem and method: `num_runs`, `num_diverged`, `num_collapsed`
        (`collapsed_runs`), `num_fell_back` (`fallen_runs`), `bimodal` (`bimodality` of the final
        values at the level 0.001, with modes at least 1 % of the possible improvement apart),
        `bimodality_p`, `low_mean`, `high_mean`, `num_low`, `grid_edge` (`grid_edges`: "low", "high"
        or ""), and `flags`: the words that apply, of "diverged", "collapsed" (half or more of the
        runs), "partly collapsed", "fell back", "bimodal", "grid edge".
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    runs = tuned_runs(frame, tuned)
    values = run_values(runs)
    collapsed = collapsed_runs(runs, frame)
    fallen = fallen_runs(runs, frame)
    gains = _gain_by_metric(frame, values)
    edges = grid_edges(frame, tuned).to_dict()
    rows = []
    for key, group in values.groupby(_GROUP, observed=True, sort=True):
        row = _group_row(group, collapsed, fallen, gains[str(key[0])])
        row |= {"problem": str(key[0]), "method": str(key[1]), "grid_edge": edges[key]}
        rows.append(row | {"flags": _words(row)})
    return pd.DataFrame(rows, columns=_FLAG_COLUMNS)


_FLAG_COLUMNS = [
    *_GROUP,
    "num_runs",
    "num_diverged",
    "num_collapsed",
    "num_fell_back",
    "bimodal",
    "bimodality_p",
    "low_mean",
    "high_mean",
    "num_low",
    "grid_edge",
    "flags",
]


def _gain_by_metric(frame: pd.DataFrame, values: pd.DataFrame) -> dict[str, float]:
    """Returns the distance from the metric before training to the best group's median."""
    gains = {}
    for problem, group in values.groupby("problem", observed=True):
        metric = str(group["metric"].iloc[0])
        start = value_before_training(frame, str(problem), metric)
        medians = group.groupby("method", observed=True)["value"].median()
        gains[str(problem)] = float((medians - start).abs().max())
    return gains


def _group_row(
    group: pd.DataFrame, collapsed: pd.Series, fallen: pd.Series, gain: float
) -> dict[str, Any]:
    modes = bimodality(group["value"].dropna())
    apart = modes.high_mean - modes.low_mean
    return {
        "num_runs": len(group),
        "num_diverged": int((group["status"] == "diverged").sum()),
        "num_collapsed": int(collapsed[collapsed.index.isin(group["run_id"])].sum()),
        "num_fell_back": int(fallen[fallen.index.isin(group["run_id"])].sum()),
        "bimodal": modes.p_value <= _SIGNIFICANCE and apart >= _APART * gain,
        "bimodality_p": modes.p_value,
        "low_mean": modes.low_mean,
        "high_mean": modes.high_mean,
        "num_low": modes.num_low,
    }


def _words(row: dict[str, Any]) -> tuple[str, ...]:
    words = []
    if row["num_diverged"]:
        words.append("diverged")
    if row["num_collapsed"]:
        most = 2 * row["num_collapsed"] >= row["num_runs"] - row["num_diverged"]
        words.append("collapsed" if most else "partly collapsed")
    if row["num_fell_back"]:
        words.append("fell back")
    if row["bimodal"]:
        words.append("bimodal")
    if row["grid_edge"]:
        words.append("grid edge")
    return tuple(words)
