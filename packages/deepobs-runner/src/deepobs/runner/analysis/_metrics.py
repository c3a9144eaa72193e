"""The metrics of a tidy frame: their names, directions, and the primary metric of a problem."""

from __future__ import annotations

import re
from typing import Literal, get_args

import pandas as pd

from ..common import UsageError, unknown

Phase = Literal["test", "valid", "train"]  # of a problem, on which a metric is measured
_COLUMN = re.compile("(train|test|valid)_(.+)")


class AnalysisError(UsageError):
    """Raised if the frame lacks what a function needs; the message says what."""


def metric_columns(frame: pd.DataFrame) -> list[str]:
    """Returns the columns of a tidy frame with metrics, such as "test_loss".

    Args:
        frame: A tidy frame.
    """
    return [str(name) for name in frame.columns if _COLUMN.fullmatch(str(name))]


def problem_metrics(frame: pd.DataFrame, problem: str) -> list[str]:
    """Returns the names of the metrics that were measured on a problem.

    Args:
        frame: A tidy frame.
        problem: The problem's name.

    Returns:
        Such as `["loss", "accuracy"]`, in the order of the frame's columns; without regularizers.
    """
    rows = frame[frame["problem"] == problem]
    measured = [name for name in metric_columns(frame) if rows[name].notna().any()]
    return [n for n in dict.fromkeys(map(metric_name, measured)) if n != "regularizer"]


def metric_name(column: str) -> str:
    """Returns the name of the metric in a column: "accuracy" of "test_accuracy".

    Args:
        column: A column of the tidy frame.
    """
    found = _COLUMN.fullmatch(column)
    return found[2] if found else column


def higher_is_better(frame: pd.DataFrame, problem: str, metric: str) -> bool:
    """Returns whether larger values of a metric are better on a problem.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        metric: A column of the frame, such as "test_accuracy".

    Returns:
        `True` for accuracies and for the metrics in the column `maximized` of the problem's
        records.
    """
    name = metric_name(metric)
    if name in ("accuracy", "loss", "regularizer"):
        return name == "accuracy"
    recorded = frame.loc[frame["problem"] == problem, "maximized"].astype(object).unique()
    return any(name in str(names).split(",") for names in recorded)


def improves(value: float, start: float, *, larger: bool) -> bool:
    """Returns whether a value of a metric is better than one before training; not if one is NaN.

    Args:
        value: A finite value, or NaN.
        start: What it is compared with.
        larger: Whether larger values are better.
    """
    return bool(value > start if larger else value < start)


def default_metric(frame: pd.DataFrame, problem: str, phase: Phase = "test") -> str:
    """Returns the column of the metric by which a problem is judged.

    This is the primary metric that the records name. If they name none, or it was not measured on
    this phase, it is the accuracy, or the loss for a problem without accuracy.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        phase: The phase: "test", "valid" or "train".

    Returns:
        A column's name, such as "test_accuracy".

    Raises:
        UsageError: If there is no such phase.
    """
    check_choice("phase", phase, get_args(Phase))
    rows = frame[frame["problem"] == problem]
    recorded = [str(name) for name in rows["primary_metric"].astype(object).unique() if name]
    for name in [*recorded, "accuracy"]:
        column = f"{phase}_{name}"
        if column in rows and bool(rows[column].notna().any()):
            return column
    return f"{phase}_loss"


def check_metric(frame: pd.DataFrame, metric: str) -> None:
    """Raises `AnalysisError` unless the frame has the metric.

    Args:
        frame: A tidy frame.
        metric: The name of one of the columns that hold metrics.
    """
    metrics = metric_columns(frame)
    if metric not in metrics:
        raise AnalysisError(f"there is no metric {metric!r}; choose from {', '.join(metrics)}")


def check_choice(what: str, given: str, choices: tuple[str, ...]) -> None:
    """Raises `UsageError` unless an option has one of its values.

    Args:
        what: The option's name.
        given: Its value.
        choices: The valid values.
    """
    if given not in choices:
        raise unknown(what, given, choices, f"choose from {', '.join(choices)}.")
