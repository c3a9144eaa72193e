"""What the page's template shows, as plain values: text, numbers already written out, flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ..figures import frontier_rows
from ..study import (
    METRICS,
    NAMES,
    MethodStyle,
    Runs,
    Study,
    axis_label,
    bold,
    in_sentence,
    percent,
    records,
)
from ..text import formats, milestone_table, repeat_command
from ._data import dump, problem_data

# Strokes of 2 units on a swatch 32 units wide.
_SWATCH_DASHES = {"solid": "none", "dashdot": "9 3 2 3", "longdash": "12 4", "dot": "2 2.5"}


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


def problem_view(study: Study, name: str, methods: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Describes one problem's part of the page.

    Args:
        study: What is reported.
        name: The problem.
        methods: The views of the methods.

    Returns:
        Values for the template.
    """
    runs, settings, chosen = study.runs, study.settings_on(name), study.chosen_on(name)
    members = [run for setting in settings for run in setting.runs]
    numbers = {label: place for place, label in enumerate(methods)}
    has_accuracy = any(runs.has(run, m) for run in members for m in METRICS if "accuracy" in m)
    return {
        "name": name,
        "has_accuracy": has_accuracy,
        "data": dump(problem_data(study, name, numbers)),
        "facts": _facts(runs, members),
        "several_rates": study.several_rates(name),
        "performance": _performance(study, name, methods),
        "pairs": [_pair(row) for row in _on(study.pairs, name)],
        "sensitivity": [_basin(row) for row in _on(study.sensitivity, name)],
        "frontier": frontier_rows(study, name) if len(chosen) > 1 else None,
        "tunability": _tunability(study, name),
        "milestones": _milestones(study, name, methods),
        "runs": [_run_view(runs, run) for run in members],
    }


def _on(table: pd.DataFrame, problem: str) -> list[dict[str, Any]]:
    return records(table[table["problem"] == problem])


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


def _performance(study: Study, problem: str, methods: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The table of final and best values: its columns, and a row per method."""
    summary, targets = _on(study.summary, problem), _on(study.targets, problem)
    metrics = [m for m in ("test_loss", "test_accuracy") if any(r["metric"] == m for r in summary)]
    columns = []
    for metric in metrics:
        columns += [f"{end} {in_sentence(metric)}" for end in ("Final", "Best")]
    if targets:
        scale = percent(targets[0]["metric"])
        name = NAMES[targets[0]["metric"]].lower()
        goal = formats.number(scale * targets[0]["target"]) + ("\u00a0%" if scale != 1 else "")
        columns.append(f"Epochs to {name} {goal}")
    found = {(row["method"], row["metric"]): row for row in summary}
    reached = {row["method"]: row for row in targets}
    leader = bold(study, problem)
    rows = []
    for setting in study.chosen_on(problem):
        cells = []
        for metric in metrics:
            row = found.get((setting.method, metric))
            scale = percent(metric)
            for mean, std in (("mean", "std"), ("best_mean", "best_std")):
                if row is None:
                    cells.append({"text": formats.MISSING, "best": False})
                    continue
                text = formats.plus_minus(scale * row[mean], scale * row[std])
                judged = (metric, mean) == (analysis.default_metric(study.frame, problem), "mean")
                best = leader if judged else _best(summary, metric, mean, leader)
                cells.append({"text": text, "best": setting.method == best})
        if targets:
            cells.append({"text": _time_to_target(reached.get(setting.method)), "best": False})
        seeds = [int(study.runs.rows[run]["seed"]) for run in setting.runs]
        lost = sum(map(study.runs.diverged, setting.runs))
        count = f"{len(seeds) - lost} of {len(seeds)}" if lost else f"{len(seeds)}"
        rows.append(
            {
                "method": methods[setting.method],
                "learning_rate": formats.learning_rate(setting.learning_rate),
                "seeds": f"{count} ({formats.seed_ranges(seeds)})",
                "cells": cells,
            }
        )
    return {"columns": columns, "rows": rows}


def _best(
    summary: Sequence[dict[str, Any]], metric: str, column: str, leader: str | None
) -> str | None:
    """The best mean of a column, of methods without diverged runs and the verdict's leader."""
    rows = [row for row in summary if row["metric"] == metric and row[column] == row[column]]
    rows = [row for row in rows if row["method"] == leader or not row["num_diverged"]]
    if leader is None or not rows:
        return None
    pick = max if analysis.higher_is_better(metric) else min
    return str(pick(rows, key=lambda row: row[column])["method"])


def _time_to_target(row: dict[str, Any] | None) -> str:
    if row is None:
        return formats.MISSING
    share = f"{row['num_reached']} of {row['num_runs']}"
    if not np.isfinite(row["epochs_to_target"]):
        return f"not reached ({share} did)" if row["num_reached"] else "not reached"
    epochs = f"{row['epochs_to_target']:g}"
    return epochs if row["num_reached"] == row["num_runs"] else f"{epochs} ({share})"


def _pair(row: dict[str, Any]) -> dict[str, Any]:
    """One method against another, in the metric's units."""
    scale = percent(row["metric"])
    low, high = (formats.number(scale * row[end], 2) for end in ("low", "high"))
    return {
        "a": row["method_a"],
        "b": row["method_b"],
        "difference": formats.number(scale * row["difference"], 2),
        "interval": f"{low} to {high}" if row["low"] == row["low"] else formats.MISSING,
        "probability": f"{row['probability']:.2f}",
        "p": formats.p_value(row["p_holm"]),
        "anytime": formats.p_value(row["p_anytime"]),
        "pairing": f"{row['num_pairs']} pairs" if row["paired"] else "not paired",
        "better": row["better"] or "cannot tell",
        "metric": NAMES[row["metric"]].lower() + (" (points)" if scale != 1 else ""),
    }


def _basin(row: dict[str, Any]) -> dict[str, Any]:
    """How wide a method's range of good learning rates is."""
    # Neither is known of one rate alone, nor where no rate did better than no training.
    span = decades = sensitivity = formats.MISSING
    if row["sensitivity"] == row["sensitivity"]:
        low, high = (formats.learning_rate(row[f"basin_{end}"]) for end in ("low", "high"))
        at_least = "at least " if row["basin_open"] else ""
        span, sensitivity = f"{low} to {high}", f"{row['sensitivity']:.2f}"
        decades = f"{at_least}{row['basin_decades']:.1f}"
    best = row["best_rate"]
    return {
        "method": row["method"],
        "tried": row["num_rates"],
        "best": formats.learning_rate(best) if best == best else formats.MISSING,
        "span": span,
        "decades": decades,
        "sensitivity": sensitivity,
        "edge": {"low": "smallest tried", "high": "largest tried"}.get(row["grid_edge"], ""),
    }


def _milestones(study: Study, problem: str, methods: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The table behind the curves: its epochs, and a row per method and series."""
    table = milestone_table(study, problem)
    epochs = sorted(set(table["epoch"]))
    rows = []
    for (method, metric), values in table.groupby(["method", "metric"], sort=False):
        scale = percent(str(metric))
        cells = {
            row["epoch"]: formats.plus_minus(scale * row["mean"], scale * row["std"])
            for row in records(values)
        }
        rows.append(
            {
                "method": methods[str(method)],
                "series": axis_label(str(metric)),
                "cells": [cells.get(epoch, "") for epoch in epochs],
            }
        )
    return {"epochs": epochs, "rows": rows}


def _tunability(study: Study, problem: str) -> dict[str, Any] | None:
    """What to expect after 1, 2, 4, 8, ... and all trials, of methods with more than one."""
    table = study.tunability[study.tunability["problem"] == problem]
    most = int(table["trials"].max()) if len(table) else 1
    if most == 1:
        return None
    shown = [2**power for power in range((most - 1).bit_length())]
    metric = str(table["metric"].iloc[0])
    rows = []
    for method, values in table.groupby("method", sort=False):
        texts = [formats.number(percent(metric) * value) for value in values["expected"]]
        if len(texts) > 1:
            cells = [texts[k - 1] if k < len(texts) else "" for k in shown]
            rows.append({"method": method, "cells": [*cells, f"{texts[-1]} ({len(texts)})"]})
    return {"metric": in_sentence(metric), "trials": shown, "rows": rows}


def _run_view(runs: Runs, run: int) -> dict[str, Any]:
    row = runs.rows[run]
    epochs = len(runs.series(run, "epoch")) - 1
    accuracy = 100 * runs.final(run, "test_accuracy")
    return {
        "method": row["method"],
        "learning_rate": formats.learning_rate(row["learning_rate"]),
        "seed": int(row["seed"]),
        "loss": formats.number(runs.final(run, "test_loss")),
        "accuracy": formats.number(accuracy),
        "status": f"diverged after {epochs} epochs" if runs.diverged(run) else "finished",
        "command": repeat_command(row),
    }
