"""The values that the page's template shows: text, formatted numbers and flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ..figures import frontier_rows
from ..study import (
    MethodStyle,
    Runs,
    Study,
    axis_label,
    in_sentence,
    percent,
    records,
    spelled,
)
from ..text import formats, repeat_command
from ._data import dump, problem_data
from ._rows import milestone_rows, pair_rows, repeat_rows
from ._search import search_data, trial_rows

# Measures of time to target, and their units in the table.
_TIMES = {"epochs": "epoch", "steps": "step", "tokens": "token", "seconds": None}
# Strokes of 2 units on a swatch 32 units wide.
_SWATCH_DASHES = {"solid": "none", "dashdot": "9 3 2 3", "longdash": "12 4", "dot": "2 2.5"}


def method_views(styles: dict[str, MethodStyle]) -> dict[str, dict[str, Any]]:
    """Describes each method's style for the legend.

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
    """Describes one problem's section of the page.

    Args:
        study: The study.
        name: The problem.
        methods: The views of the methods.

    Returns:
        Values for the template.
    """
    runs, settings, chosen = study.runs, study.settings_on(name), study.chosen_on(name)
    members = [run for setting in settings for run in setting.runs]
    numbers = {label: place for place, label in enumerate(methods)}
    names = study.metrics_on(name)
    epochs, milestones = milestone_rows(study, name, numbers)
    pairs = pair_rows(study, name, numbers)
    searches = search_data(study, name, numbers)
    tables = {
        "pairs": pairs,
        "milestones": milestones,
        "runs": [_run_row(runs, run, numbers, names) for run in members],
    } | {f"trials-{place}": trial_rows(search) for place, search in enumerate(searches)}
    data = problem_data(study, name, numbers) | {"tables": tables, "searches": searches}
    metric = analysis.default_metric(study.frame, name)
    larger = [n for n in names if study.larger(name, f"test_{n}")]
    return {
        "name": name,
        "metrics": [_metric_view(n) for n in names],
        "data": dump(data | {"judged": analysis.metric_name(metric), "larger": larger}),
        "facts": _facts(runs, members),
        "several_rates": study.several_rates(name),
        "performance": _performance(study, name, methods),
        "has_pairs": bool(pairs),
        "pair_metric": in_sentence(metric).removesuffix(" (%)")
        + (" (points)" if percent(metric) != 1 else ""),
        "sensitivity": [_basin(row) for row in _on(study.sensitivity, name)],
        "frontier": frontier_rows(study, name) if len(chosen) > 1 else [],
        "tunability": _tunability(study, name),
        "milestones": epochs,
        "searches": [search["label"] for search in searches],
        "trials": [_trials_view(search) for search in searches],
        "repeat": repeat_rows(study, name),
        "alone": len(study.problems) == 1,
        "num_runs": len(members),
    }


def _metric_view(name: str) -> dict[str, str]:
    """Returns a metric's chart, its title, and the heading of its column."""
    text = spelled(name)
    own = name not in ("loss", "accuracy")  # whose name might be that of another chart
    return {
        "chart": f"metric-{name}" if own else name,
        "title": text[0].upper() + text[1:],
        "final": f"Final {in_sentence(f'test_{name}')}",
    }


def _trials_view(search: dict[str, Any]) -> dict[str, Any]:
    """Returns the headings of the table of a search's trials, and their number."""
    return {
        "label": search["label"],
        "heads": [axis["name"] for axis in search["axes"]],
        "result": axis_label(search["metric"]),
        "count": len(search["values"]),
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
    """Returns the table of final and best values: its columns, and a row per method."""
    summary, targets = _on(study.summary, problem), _on(study.targets, problem)
    metrics = list(dict.fromkeys(row["metric"] for row in summary))
    columns = []
    for metric in metrics:
        columns += [f"{end} {in_sentence(metric)}" for end in ("Final", "Best")]
    if targets:
        scale = percent(targets[0]["metric"])
        name = in_sentence(targets[0]["metric"]).removesuffix(" (%)")
        goal = formats.number(scale * targets[0]["target"]) + ("\u00a0%" if scale != 1 else "")
        columns.append(f"Time to {name} {goal}")
    found = {(row["method"], row["metric"]): row for row in summary}
    reached = {row["method"]: row for row in targets}
    rows = []
    for setting in study.chosen_on(problem):
        cells = []
        result = study.cell(problem, setting.method)
        for metric in metrics:
            row = found.get((setting.method, metric))
            scale = percent(metric)
            for mean, std in (("mean", "std"), ("best_mean", "best_std")):
                if row is None:
                    cells.append({"text": formats.MISSING, "best": False})
                    continue
                text = formats.plus_minus(scale * row[mean], scale * row[std])
                judged = (metric, mean) == (result.metric, "mean")
                cells.append({"text": text, "best": judged and result.best})
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


def _time_to_target(row: dict[str, Any] | None) -> str:
    if row is None:
        return formats.MISSING
    share = f"{row['num_reached']} of {row['num_runs']}"
    if not np.isfinite(row["epochs_to_target"]):
        return f"not reached ({share} did)" if row["num_reached"] else "not reached"
    found = {measure: row[f"{measure}_to_target"] for measure in _TIMES}
    times = ", ".join(_time(found[m], unit) for m, unit in _TIMES.items() if np.isfinite(found[m]))
    return times if row["num_reached"] == row["num_runs"] else f"{times} ({share})"


def _time(value: float, unit: str | None) -> str:
    """Returns a time with its unit; None for seconds."""
    if unit is None:
        return formats.seconds(value)
    return f"{value:,.6g} {unit}{'' if value == 1 else 's'}"


def _basin(row: dict[str, Any]) -> dict[str, Any]:
    """Returns the width of a method's range of good learning rates."""
    # Unknown with a single rate, and if no rate improved on no training.
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


def _tunability(study: Study, problem: str) -> dict[str, Any] | None:
    """Returns the expected best after 1, 2, 4, ... and all trials of methods with several."""
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


def _run_row(
    runs: Runs, run: int, numbers: dict[str, int], metrics: Sequence[str]
) -> dict[str, Any]:
    row = runs.rows[run]
    epochs = len(runs.series(run, "epoch")) - 1
    cells = [
        formats.learning_rate(row["learning_rate"]),
        str(int(row["seed"])),
        *(formats.number(percent(m) * runs.final(run, m)) for m in map("test_{}".format, metrics)),
    ]
    status = f"diverged after {epochs} epochs" if runs.diverged(run) else "finished"
    cells += [status, repeat_command(row)]
    return {"m": numbers[row["method"]], "cells": cells}
