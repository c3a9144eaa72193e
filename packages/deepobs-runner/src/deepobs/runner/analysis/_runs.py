"""From the tidy frame to one row per run: methods, settings, metrics, final and best values."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from .._errors import UsageError

Split = Literal["test", "valid", "train"]
Value = Literal["final", "best"]

_SOURCE_NOTES = {
    "baseline": "baseline",
    "deepobs-1.1": "DeepOBS 1.1",
    "deepobs-1.2": "DeepOBS 1.2",
}
_SETTING_COLUMNS = ("learning_rate", "batch_size", "weight_decay", "validation", "num_epochs")


class AnalysisError(UsageError):
    """The frame cannot answer the question; the message says why."""


def combine(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put tidy frames under each other, each run once.

    Args:
        *frames: Frames as `load_records` and `load_baselines` return them.

    Returns:
        One frame with the same columns; texts stay categorical. Of a run that is in several
        frames, the first one's rows are kept.
    """
    kept: list[pd.DataFrame] = []
    seen: set[str] = set()
    for frame in frames:
        ids = frame["run_id"]
        kept.append(frame[~ids.isin(seen)] if seen else frame)
        seen.update(ids.unique())
    columns: dict[str, Any] = {}
    for name in kept[0].columns:
        parts = [frame[name] for frame in kept]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = union_categoricals(parts)
        else:
            columns[name] = np.concatenate([part.to_numpy() for part in parts])
    return pd.DataFrame(columns)


def per_run(frame: pd.DataFrame) -> pd.DataFrame:
    """Describe each run in one row.

    Args:
        frame: A tidy frame.

    Returns:
        One row per run, in the frame's order, with the columns of the frame that do not change
        within a run, and:

        - `method`: what is compared: the optimizer with its hyperparameters, schedule and other
          particulars, learning rate excepted, and where the run is from, as a short label:
          "SGD", "SGD momentum=0.99", "Adam (baseline)".
        - `setting`: what is tuned: learning rate, batch size, weight decay, validation
          fraction and epochs, as text. Learning rates count as equal if they agree in the
          eleven digits that DeepOBS's folder names have.
    """
    first = frame.drop_duplicates("run_id")
    changing = ("epoch", "steps", "seconds")
    constant = [
        name
        for name in first.columns
        if name not in changing
        and not name.endswith(("_loss", "_accuracy", "_regularizer"))
        and name not in ("method", "setting")
    ]
    runs = first[constant].reset_index(drop=True)
    return runs.assign(method=_methods(runs), setting=_settings(runs))


def with_methods(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the columns `method` and `setting` of `per_run` to a tidy frame.

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


def _methods(runs: pd.DataFrame) -> pd.Series:
    names = ["source", "optimizer", "hyperparameters", "schedule", "variant", "optimizer_path"]
    texts = runs[names].astype(object)
    keys = list(texts.itertuples(index=False, name=None))
    labels = {key: _label(*key[:5]) for key in set(keys)}
    # Two methods under one label would be averaged together: such labels tell what differs.
    for name in ("optimizer_path", "hyperparameters"):
        labels = _told_apart(labels, by=names.index(name))
    return pd.Series([labels[key] for key in keys], index=runs.index, dtype=object)


def _told_apart(labels: dict[tuple[str, ...], str], *, by: int) -> dict[tuple[str, ...], str]:
    """Add a part of the keys to labels that stand for several values of it."""
    values: dict[str, set[str]] = {}
    for key, label in labels.items():
        values.setdefault(label, set()).add(key[by])
    return {
        key: f"{label} {key[by]}" if len(values[label]) > 1 else label
        for key, label in labels.items()
    }


def _label(source: str, optimizer: str, hyperparameters: str, schedule: str, variant: str) -> str:
    words = [optimizer]
    if source != "baseline":  # all published runs of an optimizer share their hyperparameters
        values: dict[str, Any] = json.loads(hyperparameters)
        words += [f"{name}={_word(value)}" for name, value in values.items()]
    if schedule != "constant":
        words.append(_schedule_label(schedule))
    if variant:
        words.append(variant)
    if note := _SOURCE_NOTES.get(source):
        words.append(f"({note})")
    return " ".join(words)


def _schedule_label(schedule: str) -> str:
    """Show a schedule's canonical JSON like a call: cosine(warmup_epochs=5)."""
    if not schedule.startswith("{"):
        return schedule
    values: dict[str, Any] = json.loads(schedule)
    name = values.pop("name", "schedule")
    return f"{name}({', '.join(f'{key}={_word(value)}' for key, value in values.items())})"


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "(" + ", ".join(_word(item) for item in value) + ")"
    return str(value)


def _settings(runs: pd.DataFrame) -> pd.Series:
    texts = [
        runs[name].map("{:.10e}".format) if name == "learning_rate" else runs[name].map(str)
        for name in _SETTING_COLUMNS
    ]
    parts = [
        name + "=" + text.astype(object) for name, text in zip(_SETTING_COLUMNS, texts, strict=True)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    return joined


def higher_is_better(metric: str) -> bool:
    """Return whether larger values of a metric (a column's name) are better.

    Args:
        metric: A column of the tidy frame, such as "test_accuracy".

    Returns:
        `True` for accuracies, `False` for losses.
    """
    return metric.endswith("_accuracy")


def default_metric(frame: pd.DataFrame, problem: str, split: Split = "test") -> str:
    """Name the metric a problem is judged by: accuracy where it has one, else the loss.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        split: Which examples: "test", "valid" or "train".

    Returns:
        A column's name, such as "test_accuracy".
    """
    rows = frame.loc[frame["problem"] == problem, f"{split}_accuracy"]
    return f"{split}_accuracy" if bool(rows.notna().any()) else f"{split}_loss"


def run_values(
    frame: pd.DataFrame,
    metric: str | None = None,
    value: Value = "final",
    split: Split = "test",
) -> pd.DataFrame:
    """Give each run's final or best value of a metric.

    Final: the value at the run's last epoch. Best: the largest accuracy or smallest loss over
    all its epochs. A diverged run has neither: its value is NaN and its `status` says why.

    Args:
        frame: A tidy frame.
        metric: A column of the frame, such as "test_loss"; by default each problem's own
            (`default_metric`).
        value: "final" or "best".
        split: Which examples the default metric is measured on.

    Returns:
        `per_run`'s table with the columns `metric`, `value` and `at_epoch` more; runs of problems
        without the metric, and finished runs in which it was not measured, are left out.

    Raises:
        AnalysisError: If the frame has no such metric.
    """
    runs = per_run(frame)
    problems = runs["problem"].astype(object).unique()
    metrics = {name: metric or default_metric(frame, name, split) for name in problems}
    runs = runs.assign(metric=runs["problem"].astype(object).map(metrics))
    parts = [_found_values(frame, name, value) for name in dict.fromkeys(metrics.values())]
    if not parts:
        return runs.assign(value=np.nan, at_epoch=np.nan)
    key = ["run_id", "metric"]
    runs["run_id"] = runs["run_id"].astype(object)
    runs = runs.merge(pd.concat(parts), on=key, how="left", sort=False)
    measured = runs.groupby("problem", observed=True)["value"].transform("count") > 0
    diverged = runs["status"] == "diverged"
    runs["value"] = runs["value"].where(~diverged)
    return runs[measured & (runs["value"].notna() | diverged)].reset_index(drop=True)


def _found_values(frame: pd.DataFrame, metric: str, value: Value) -> pd.DataFrame:
    check_metric(frame, metric)
    rows = frame.loc[frame[metric].notna(), ["run_id", "epoch", metric]]
    by_run = rows.groupby("run_id", observed=True, sort=False)
    if value == "final":
        index = by_run["epoch"].idxmax()
    elif higher_is_better(metric):
        index = by_run[metric].idxmax()
    else:
        index = by_run[metric].idxmin()
    found = rows.loc[index].rename(columns={metric: "value", "epoch": "at_epoch"})
    return found.assign(metric=metric, run_id=found["run_id"].astype(object))


def value_before_training(frame: pd.DataFrame, problem: str, metric: str) -> float:
    """Average a metric before training over a problem's runs: what no training is worth.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        metric: A column of the frame.

    Returns:
        The mean at epoch 0 of what is finite; NaN where nothing is.
    """
    values = frame.loc[(frame["epoch"] == 0) & (frame["problem"] == problem), metric]
    return float(values[np.isfinite(values)].mean())


def check_metric(frame: pd.DataFrame, metric: str) -> None:
    """Raise `AnalysisError` unless the frame has the metric.

    Args:
        frame: A tidy frame.
        metric: The name of one of its loss, accuracy or regularizer columns.
    """
    metrics = [c for c in frame.columns if c.endswith(("_loss", "_accuracy", "_regularizer"))]
    if metric not in metrics:
        raise AnalysisError(f"there is no metric {metric!r}; choose from {', '.join(metrics)}")
