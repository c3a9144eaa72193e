"""The frontier of speed against performance: the best method for each budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ..study import (
    AXIS_COUNTS,
    AXIS_NAMES,
    COLUMN_WIDTH,
    MEASURES,
    Study,
    check_problem,
    in_sentence,
    paper_style,
    percent,
)
from ..text import formats
from ._figure import PaperFigure, legend, marked, name_missing, value_axis, whole_ticks

_AXES = {cost: axis for axis, cost in MEASURES.items()}


def figure_frontier(
    frame: pd.DataFrame | Study,
    problem: str,
    cost: analysis.Measure = "epochs",
    *,
    width: float = COLUMN_WIDTH,
) -> PaperFigure:
    """Draws the best value so far over its cost, and the frontier of all methods.

    Lines are means over seeds of each method's chosen setting; the gray steps are the best value of
    any method for a budget, with a marker where a method improves on all others. Methods whose runs
    did not record the cost are listed below.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problem: The problem's name.
        cost: The measure of cost: "epochs", "steps", "examples", "tokens" or
            "seconds" of training.
        width: Inches.

    Returns:
        The figure; empty if the cost was not recorded.

    Raises:
        UsageError: If the frame has no such problem.
    """
    study = Study.of(frame)
    check_problem(study, problem)
    table = _on(study, problem, cost)
    with paper_style():
        figure = PaperFigure(figsize=(width, 2.3))
        ax = figure.subplots()
        ax.set_xlabel(AXIS_NAMES[_AXES[cost]])
        name_missing(ax, _without(study, problem, table))
        if table.empty:
            return figure
        metric = str(table["metric"].iloc[0])
        scale = percent(metric)
        best = table[table["on_frontier"]].sort_values("cost")
        steps = (best["cost"], scale * best["value"])
        ax.step(*steps, where="post", color="#999999", linewidth=2.5, zorder=0)
        for method, rows in table.groupby("method"):
            style = study.styles[str(method)]
            led = np.flatnonzero(rows["on_frontier"])
            ax.plot(
                rows["cost"],
                scale * rows["value"],
                **marked(style),
                markevery=led[:: max(1, len(led) // 8)].tolist(),
            )
        log = not study.larger(problem, metric) and bool((table["value"] > 0).all())
        values = [np.append(np.nan, scale * table["value"])]
        value_axis(ax, values, larger=study.larger(problem, metric), log=log)
        if cost != "seconds":
            whole_ticks(ax)
        ax.set_ylabel(f"Best {in_sentence(metric)}")
        legend(figure, study.styles, map(str, table["method"].unique()))
    return figure


def frontier_data(study: Study, problem: str, methods: Mapping[str, int]) -> dict[str, Any]:
    """Collects the data of the page's chart.

    Args:
        study: The study.
        problem: The problem's name.
        methods: Each method's number on the page.

    Returns:
        By axis: `metric`, `points` of the frontier (cost, value, and the method's number), and
        `without`, the numbers of methods whose runs did not record the cost.
    """
    data: dict[str, Any] = {}
    for axis, cost in MEASURES.items():
        table = _on(study, problem, cost)
        if table.empty:
            continue
        best = table[table["on_frontier"]].sort_values("cost")
        points = zip(best["cost"], best["value"], best["method"], strict=True)
        data[axis] = {
            "metric": str(best["metric"].iloc[0]),
            "points": [[float(f"{x:.6g}"), float(f"{y:.6g}"), methods[m]] for x, y, m in points],
            "without": [methods[name] for name in _without(study, problem, table)],
        }
    return data


def frontier_rows(study: Study, problem: str) -> list[dict[str, Any]]:
    """Returns a table of the best method for each budget, for each axis of the chart.

    Args:
        study: The study.
        problem: The problem's name.

    Returns:
        For each axis on which some method recorded its cost: `axis`, `cost` (its name in words),
        `without`, the methods that lack it; `metric`; and `rows`: a method, the budgets for which
        it is best, and its value at the end of them.
    """
    return [
        {
            "axis": axis,
            "cost": AXIS_COUNTS[axis],
            "without": _without(study, problem, table),
            "metric": in_sentence(str(table["metric"].iloc[0])),
            "rows": _stretches(table),
        }
        for axis, cost in MEASURES.items()
        if not (table := _on(study, problem, cost)).empty
    ]


def _stretches(table: pd.DataFrame) -> list[dict[str, str]]:
    """Yields the ranges of budgets for which one method is best."""
    best = table[table["on_frontier"]].sort_values("cost").drop_duplicates("cost")
    numbers = (best["method"] != best["method"].shift()).cumsum()
    groups = [rows for _, rows in best.groupby(numbers)]
    ends = [float(rows["cost"].iloc[0]) for rows in groups[1:]] + [float("nan")]
    scale = percent(str(best["metric"].iloc[0]))
    return [
        {
            "method": str(rows["method"].iloc[0]),
            "budget": _budget(float(rows["cost"].iloc[0]), end),
            "value": formats.number(scale * float(rows["value"].iloc[-1])),
        }
        for rows, end in zip(groups, ends, strict=True)
    ]


def _without(study: Study, problem: str, table: pd.DataFrame) -> list[str]:
    present = set(table["method"])
    return [s.method for s in study.chosen_on(problem) if s.method not in present]


def _budget(first: float, end: float) -> str:
    """Formats a half-open range of budgets."""
    return f"from {first:.4g}" if np.isnan(end) else f"{first:.4g} to below {end:.4g}"


def _on(study: Study, problem: str, cost: analysis.Measure) -> pd.DataFrame:
    table = study.frontiers[cost]
    return table[(table["problem"] == problem) & table["value"].notna()]
