"""What the page's template shows, as plain values: text, numbers already written out, flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import _format
from ._data import dump, problem_data
from ._repeat import repeat_command
from ._runs import METRICS, Runs, mean_and_spread
from ._select import Setting
from ._style import MethodStyle

NAMES = {
    "test_loss": "Test loss",
    "train_loss": "Training loss",
    "valid_loss": "Validation loss",
    "test_accuracy": "Test accuracy",
    "train_accuracy": "Training accuracy",
    "valid_accuracy": "Validation accuracy",
}
_MILESTONES = (0, 1, 2, 5, 10, 20, 50, 100, 200)
# Strokes of 2 units on a swatch 32 units wide.
_SWATCH_DASHES = {"solid": "none", "dashdot": "9 3 2 3", "longdash": "12 4", "dot": "2 2.5"}


def identifiers(names: Iterable[str], prefix: str) -> dict[str, str]:
    """Gives each name an identifier that is safe in HTML and in an address, and its own.

    Args:
        names: Any texts.
        prefix: What identifiers start with.

    Returns:
        The identifiers by name.
    """
    given: dict[str, str] = {}
    for name in names:
        slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "unnamed"
        identifier, number = f"{prefix}-{slug}", 1
        while identifier in given.values():
            number += 1
            identifier = f"{prefix}-{slug}-{number}"
        given[name] = identifier
    return given


def method_views(styles: dict[str, MethodStyle]) -> dict[str, dict[str, Any]]:
    """Describes each method's look for the legend.

    Args:
        styles: Styles by label.

    Returns:
        Values for the template by label.
    """
    return {
        label: {"label": label, "style": style, "dashes": _SWATCH_DASHES[style.dash]}
        for label, style in styles.items()
    }


def problem_view(
    runs: Runs,
    name: str,
    settings: Sequence[Setting],
    chosen: Sequence[Setting],
    summary: pd.DataFrame,
    methods: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Describes one problem's part of the page.

    Args:
        runs: All runs.
        name: The problem.
        settings: Its settings.
        chosen: Those that stand for their methods.
        summary: The problem's rows of `analysis.summary_table`.
        methods: The views of the methods.

    Returns:
        Values for the template.
    """
    members = [run for setting in settings for run in setting.runs]
    numbers = {label: place for place, label in enumerate(methods)}
    has_accuracy = any(runs.has(run, m) for run in members for m in METRICS if "accuracy" in m)
    milestones = _milestones(runs, chosen)
    return {
        "name": name,
        "has_accuracy": has_accuracy,
        "data": dump(problem_data(runs, settings, chosen, numbers)),
        "facts": _facts(runs, members),
        "columns": _COLUMNS["test_loss"] + (_COLUMNS["test_accuracy"] if has_accuracy else []),
        "rows": _performance(runs, chosen, summary, methods, has_accuracy=has_accuracy),
        "milestones": milestones,
        "milestone_rows": _milestone_rows(runs, chosen, milestones, methods),
        "runs": [_run_view(runs, run) for run in members],
    }


_COLUMNS = {
    "test_loss": ["Final test loss", "Best test loss"],
    "test_accuracy": ["Final test accuracy (%)", "Best test accuracy (%)"],
}


def accuracy_scale(metric: str) -> float:
    """The factor that turns a metric's values into what is shown: per cent for accuracies."""
    return 100.0 if metric.endswith("accuracy") else 1.0


def _facts(runs: Runs, members: Sequence[int]) -> list[tuple[str, str]]:
    rows = [runs.rows[run] for run in members]
    diverged = sum(map(runs.diverged, members))
    facts = [("Runs", f"{len(rows)}" + (f", {diverged} of them diverged" if diverged else ""))]
    for term, column in (
        ("Batch size", "batch_size"),
        ("Epochs", "num_epochs"),
        ("L2 factor", "weight_decay"),
    ):
        values = sorted({row[column] for row in rows if row[column] == row[column]})
        if values:
            facts.append((term, ", ".join(f"{value:g}" for value in values)))
    return facts


def _performance(
    runs: Runs,
    chosen: Sequence[Setting],
    summary: pd.DataFrame,
    methods: dict[str, dict[str, Any]],
    *,
    has_accuracy: bool,
) -> list[dict[str, Any]]:
    metrics = ["test_loss", "test_accuracy"] if has_accuracy else ["test_loss"]
    found = {(row["method"], row["metric"]): row for row in summary.to_dict("records")}
    leaders = {
        (metric, mean): _leader(summary[summary["metric"] == metric], mean)
        for metric in metrics
        for mean in ("mean", "best_mean")
    }
    rows = []
    for setting in chosen:
        cells = []
        for metric in metrics:
            row = found.get((setting.method, metric))
            scale = accuracy_scale(metric)
            for mean, std in (("mean", "std"), ("best_mean", "best_std")):
                text = _format.MISSING
                if row is not None:
                    text = _format.plus_minus(scale * row[mean], scale * row[std])
                cells.append({"text": text, "best": leaders[metric, mean] == setting.method})
        seeds = [int(runs.rows[run]["seed"]) for run in setting.runs]
        rows.append(
            {
                "method": methods[setting.method],
                "learning_rate": _format.learning_rate(setting.learning_rate),
                "seeds": f"{len(seeds)} ({_format.seed_ranges(seeds)})",
                "cells": cells,
            }
        )
    return rows


def _leader(rows: pd.DataFrame, column: str) -> str | None:
    rows = rows[rows[column].notna()]
    if len(rows) < 2:
        return None
    values = rows[column]
    index = values.idxmax() if rows["metric"].iloc[0].endswith("accuracy") else values.idxmin()
    return str(rows.at[index, "method"])


def _milestones(runs: Runs, chosen: Sequence[Setting]) -> list[int]:
    last = max((len(runs.series(run, "epoch")) for s in chosen for run in s.runs), default=1) - 1
    return sorted({epoch for epoch in _MILESTONES if epoch < last} | {last})


def _milestone_rows(
    runs: Runs,
    chosen: Sequence[Setting],
    milestones: Sequence[int],
    methods: dict[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    rows = []
    for setting in chosen:
        for metric in METRICS:
            members = [runs.series(run, metric) for run in setting.runs if runs.has(run, metric)]
            if not members:
                continue
            mean, std = (accuracy_scale(metric) * part for part in mean_and_spread(members))
            cells = [
                _format.plus_minus(mean[epoch], std[epoch]) if epoch < len(mean) else ""
                for epoch in milestones
            ]
            unit = " (%)" if accuracy_scale(metric) != 1 else ""
            rows.append(
                {"method": methods[setting.method], "series": NAMES[metric] + unit, "cells": cells}
            )
    return rows


def _run_view(runs: Runs, run: int) -> dict[str, Any]:
    row = runs.rows[run]
    epochs = len(runs.series(run, "epoch")) - 1
    accuracy = 100 * runs.final(run, "test_accuracy")
    return {
        "method": row["method"],
        "learning_rate": _format.learning_rate(row["learning_rate"]),
        "seed": int(row["seed"]),
        "loss": _format.number(runs.final(run, "test_loss")),
        "accuracy": f"{_format.number(accuracy)} %" if np.isfinite(accuracy) else _format.MISSING,
        "status": f"diverged after {epochs} epochs" if runs.diverged(run) else "finished",
        "command": repeat_command(row),
    }
