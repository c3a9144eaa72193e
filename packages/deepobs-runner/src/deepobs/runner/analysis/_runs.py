"""From the tidy frame to one row per run: methods, settings, metrics, final and best values."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from ._labels import method_labels
from ._metrics import (
    Phase,
    check_choice,
    check_metric,
    default_metric,
    higher_is_better,
    metric_columns,
)
from ._settings import setting_texts

Value = Literal["final", "best"]
_CHANGING = ("epoch", "steps", "seconds", "examples", "tokens")  # within a run


def combine(*frames: pd.DataFrame) -> pd.DataFrame:
    """Concatenates tidy frames, keeping each run once.

    Args:
        *frames: Frames as `load_records` and `load_baselines` return them.

    Returns:
        One frame with the columns of all; texts stay categorical. If a run is in several frames,
        the rows of the first are kept.
    """
    kept: list[pd.DataFrame] = []
    seen: set[str] = set()
    for frame in frames:
        ids = frame["run_id"]
        kept.append(frame[~ids.isin(seen)] if seen else frame)
        seen.update(ids.unique())
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for frame in kept for name in frame.columns):
        # Only metrics of some problems can be missing in a frame.
        parts = [frame.get(name, pd.Series(np.nan, index=frame.index)) for frame in kept]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = union_categoricals(parts)
        else:
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
    return pd.DataFrame(columns)


def per_run(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per run.

    Args:
        frame: A tidy frame.

    Returns:
        One row per run, in the frame's order, with the columns of the frame that do not change
        within a run, and:

        - `method`: what is compared, as a short label: the optimizer with its hyperparameters,
          schedule and other settings except the learning rate, and the source of the run, such as
          "SGD", "SGD momentum=0.99", "Adam (baseline)". A search is one method: the hyperparameters
          that it varied are not part of the label. If the same method was searched more than once
          on a problem, or was also run outside the search, the labels name the search.
        - `setting`: what is tuned: learning rate, batch size, weight decay, validation
          fraction and epochs, and the hyperparameters that a search varied, as text. Learning
          rates count as equal if they agree in the eleven digits that DeepOBS's folder names have.
    """
    first = frame.drop_duplicates("run_id")
    left_out = {*_CHANGING, "method", "setting", *metric_columns(frame)}
    constant = [name for name in first.columns if name not in left_out]
    runs = first[constant].reset_index(drop=True)
    return runs.assign(method=method_labels(runs), setting=setting_texts(runs))


def with_methods(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the columns `method` and `setting` of `per_run` to a tidy frame.

    Args:
        frame: A tidy frame.

    Returns:
        A new frame with two more (categorical) columns.
    """
    ids = pd.Categorical(frame["run_id"])
    runs = per_run(frame)
    position = ids.categories.get_indexer(pd.Index(runs["run_id"]))
    rows = np.zeros(len(ids.categories), dtype=np.int64)
    rows[position] = np.arange(len(runs))  # the run that each code of `ids` stands for
    labels = {name: pd.Categorical(runs[name]) for name in ("method", "setting")}
    return frame.assign(**{name: label.take(rows[ids.codes]) for name, label in labels.items()})


def epochs_differ(first: float, second: float) -> bool:
    """Returns whether two numbers of epochs are known (not NaN) to differ.

    Args:
        first: One.
        second: The other.

    Returns:
        `False` if one of them is unknown: not every result file says it.
    """
    return not (math.isnan(first) or math.isnan(second)) and first != second


def run_values(
    frame: pd.DataFrame,
    metric: str | None = None,
    value: Value = "final",
    phase: Phase = "test",
) -> pd.DataFrame:
    """Returns each run's final or best value of a metric.

    The final value is the last one measured (`final_values`). The best value is the largest or
    smallest over all epochs, by the direction of the metric (`higher_is_better`). The value of a
    diverged run is NaN, and its `status` says so.

    Args:
        frame: A tidy frame.
        metric: A column of the frame, such as "test_loss"; by default each problem's own
            (`default_metric`).
        value: "final" or "best".
        phase: The phase that the default metric is measured on.

    Returns:
        The table of `per_run` with the additional columns `metric`, `larger` (whether larger values
        are better), `value` and `at_epoch`. Runs of problems without the metric, and finished runs
        in which it was not measured, are left out.

    Raises:
        AnalysisError: If the frame has no such metric.
        UsageError: If `value` or `phase` is invalid.
    """
    check_choice("value", value, get_args(Value))
    runs = per_run(frame)
    problems = runs["problem"].astype(object).unique()
    metrics = {name: metric or default_metric(frame, name, phase) for name in problems}
    larger = {name: higher_is_better(frame, name, metrics[name]) for name in problems}
    names = runs["problem"].astype(object)
    runs = runs.assign(metric=names.map(metrics), larger=names.map(larger).astype(bool))
    if not metrics:
        return runs.assign(value=np.nan, at_epoch=np.nan)
    alike: dict[tuple[str, bool], list[str]] = {}  # the problems of each metric and direction
    for name in problems:
        alike.setdefault((metrics[name], larger[name]), []).append(name)
    parts = []
    for (column, is_larger), members in alike.items():
        rows = frame if len(alike) == 1 else frame[frame["problem"].isin(members)]
        parts.append(_found_values(rows, column, value, larger=is_larger))
    key = ["run_id", "metric"]
    runs["run_id"] = runs["run_id"].astype(object)
    runs = runs.merge(pd.concat(parts), on=key, how="left", sort=False)
    measured = runs.groupby("problem", observed=True)["value"].transform("count") > 0
    diverged = runs["status"] == "diverged"
    runs["value"] = runs["value"].where(~diverged)
    return runs[measured & (runs["value"].notna() | diverged)].reset_index(drop=True)


def _found_values(
    frame: pd.DataFrame, metric: str, value: Value, *, larger: bool = False
) -> pd.DataFrame:
    check_metric(frame, metric)
    rows = frame.loc[frame[metric].notna(), ["run_id", "epoch", metric]]
    by_run = rows.groupby("run_id", observed=True, sort=False)
    if value == "final":
        index = by_run["epoch"].idxmax()
    elif larger:
        index = by_run[metric].idxmax()
    else:
        index = by_run[metric].idxmin()
    found = rows.loc[index].rename(columns={metric: "value", "epoch": "at_epoch"})
    return found.assign(metric=metric, run_id=found["run_id"].astype(object))


def final_values(frame: pd.DataFrame, metric: str) -> pd.Series:
    """Returns each run's final value of a metric: the last one that was measured.

    Args:
        frame: A tidy frame.
        metric: A column of the frame.

    Returns:
        One value per run in which the metric was measured and that did not diverge, by `run_id`.

    Raises:
        AnalysisError: If the frame has no such metric.
    """
    finished = frame[frame["status"] != "diverged"]
    return _found_values(finished, metric, "final").set_index("run_id")["value"]


def value_before_training(frame: pd.DataFrame, problem: str, metric: str) -> float:
    """Returns the mean of a metric before training over the runs of a problem.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        metric: A column of the frame.

    Returns:
        The mean of the finite values at epoch 0; NaN if there are none.
    """
    values = frame.loc[(frame["epoch"] == 0) & (frame["problem"] == problem), metric]
    return float(values[np.isfinite(values)].mean())
