"""The searches on a problem: hyperparameters that varied, and their importance."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ...config import SETTINGS
from ..study import Runs, Setting, Study, mean_and_spread, percent
from ..text import formats
from ._data import compact

# The columns of settings that may vary within a search, besides hyperparameters.
_SETTINGS = tuple(
    item.column
    for item in SETTINGS
    if item.role in ("tuned", "method") and item.kind not in ("object", "pairs")
)
_LEAST = 5  # fewer settings do not count as a search
_DECADES = 30.0  # smallest ratio of largest to smallest value for a logarithmic axis


def search_data(study: Study, problem: str, methods: Mapping[str, int]) -> list[dict[str, Any]]:
    """Collects the searches on a problem that varied at least two hyperparameters.

    Args:
        study: The study.
        problem: The problem's name.
        methods: Each method's number on the page.

    Returns:
        For each such optimizer: its `label`; `metric` and `values`, the mean result of each
        trial; `m`, the trials' methods; `axes`, the hyperparameters that vary, with their name,
        values, whether they are shown on a logarithmic scale, and `share`, their importance; and
        `explained` (`analysis.hyperparameter_importance`).
    """
    groups: dict[str, list[Setting]] = {}
    for setting in study.settings_on(problem):
        row = study.runs.rows[setting.runs[0]]
        note = " (baseline)" if row["source"] == "baseline" else ""
        groups.setdefault(row["optimizer"] + note, []).append(setting)
    metric = _metric(study, problem)
    larger = study.larger(problem, metric)
    searches = (
        _search(study.runs, label, trials, metric, larger=larger)
        for label, trials in groups.items()
    )
    return [
        search | {"m": [methods[trial.method] for trial in groups[search["label"]]]}
        for search in searches
        if search is not None
    ]


def trial_rows(search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the rows of the table of a search's trials.

    Args:
        search: A search, as `search_data` returns it.

    Returns:
        Each trial's method `m` and its `cells`: the hyperparameters and the result.
    """
    columns = [axis["values"] for axis in search["axes"]]
    return [
        {
            "m": search["m"][trial],
            "cells": [*(_shown(column[trial]) for column in columns), formats.number(value)],
        }
        for trial, value in enumerate(search["values"])
    ]


def _shown(value: float | str | None) -> str:
    return value if isinstance(value, str) else formats.number(value)


def _metric(study: Study, problem: str) -> str:
    """Returns the metric that trials are compared on: of validation data if there are any."""
    judged = analysis.default_metric(study.frame, problem)
    valid = judged.replace("test", "valid", 1)
    return valid if study.measured(problem, valid) else judged


def _search(
    runs: Runs, label: str, trials: list[Setting], metric: str, *, larger: bool
) -> dict[str, Any] | None:
    table = pd.DataFrame([_hyperparameters(runs.rows[trial.runs[0]]) for trial in trials])
    varying = [name for name in table if table[name].astype(str).nunique() > 1]
    if len(varying) < 2 or len(table) < _LEAST:
        return None
    ends = [
        mean_and_spread([np.array([runs.final(run, metric)]) for run in trial.runs])[0][0]
        for trial in trials
    ]
    values = percent(metric) * np.array(ends)
    importance = analysis.hyperparameter_importance(table[varying], values, larger=larger)
    return {
        "label": label,
        "metric": metric,
        "values": compact(values),
        "axes": [_axis(table[name], importance.shares[name]) for name in map(str, varying)],
        "explained": compact(np.array([importance.explained]))[0],
    }


def _hyperparameters(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all settings of a run, with one entry per hyperparameter."""
    values: dict[str, Any] = {name: row[name] for name in _SETTINGS}
    for name, value in json.loads(row["hyperparameters"], parse_int=_whole).items():
        if isinstance(value, list) and len(value) <= 3:
            values |= {f"{name}[{place}]": item for place, item in enumerate(value)}
        else:
            values[name] = value
    return values


def _whole(digits: str) -> int | str:
    """Returns a whole number; its digits if no float holds it, since no column of numbers does."""
    number = int(digits)
    return number if abs(number) <= sys.float_info.max else digits


def _axis(column: pd.Series, share: float) -> dict[str, Any]:
    view: dict[str, Any] = {"name": str(column.name), "share": compact(np.array([share]))[0]}
    numbers = pd.to_numeric(column, errors="coerce")
    is_number = not column.map(lambda value: isinstance(value, (bool, np.bool_))).any()
    if numbers.notna().all() and is_number:
        low, high = float(numbers.min()), float(numbers.max())
        return view | {
            "values": compact(numbers.to_numpy(np.float64)),
            "log": low > 0 and high / low >= _DECADES,
        }
    return view | {"values": [_text(value) for value in column], "log": False}


def _text(value: Any) -> str:
    return "–" if value is None or value != value else str(value)
