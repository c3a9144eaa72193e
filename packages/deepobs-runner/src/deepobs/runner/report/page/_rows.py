"""Rows of the page's long tables, which the browser renders on demand."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from ..study import Study, axis_label, percent, records
from ..text import formats, milestone_table, repeat_command, search_command


def pair_rows(study: Study, problem: str, methods: Mapping[str, int]) -> list[dict[str, Any]]:
    """Returns the comparisons of all pairs of methods on a problem.

    Args:
        study: The study.
        problem: The problem's name.
        methods: Each method's number on the page.

    Returns:
        The numbers of both methods, `m` and `a`, and the other `cells` as text.
    """
    table = study.pairs[study.pairs["problem"] == problem]
    return [
        {"m": methods[row["method_a"]], "a": methods[row["method_b"]], "cells": _pair(row)}
        for row in records(table)
    ]


def _pair(row: Mapping[str, Any]) -> list[str]:
    """Returns the comparison of two methods, in the metric's units."""
    scale = percent(row["metric"])
    return [
        formats.number(scale * row["difference"], 2),
        formats.interval(scale * row["low"], scale * row["high"]),
        f"{row['probability']:.2f}",
        formats.p_value(row["p_holm"]),
        formats.p_value(row["p_anytime"]),
        f"{row['num_pairs']} pairs" if row["paired"] else "not paired",
        row["better"] or "cannot tell",
    ]


def milestone_rows(
    study: Study, problem: str, methods: Mapping[str, int]
) -> tuple[list[int], list[dict[str, Any]]]:
    """Returns the numbers behind a problem's curves.

    Args:
        study: The study.
        problem: The problem's name.
        methods: Each method's number on the page.

    Returns:
        The epochs, and a row per method and series: the method's number `m` and the other `cells`.
    """
    table = milestone_table(study, problem)
    epochs = sorted(set(table["epoch"]))
    rows = []
    for (method, metric), values in table.groupby(["method", "metric"], sort=False):
        scale = percent(str(metric))
        cells = {
            row["epoch"]: formats.plus_minus(scale * row["mean"], scale * row["std"])
            for row in records(values)
        }
        texts = [axis_label(str(metric)), *(cells.get(epoch, "") for epoch in epochs)]
        rows.append({"m": methods[str(method)], "cells": texts})
    return epochs, rows


def repeat_rows(study: Study, problem: str) -> list[dict[str, str]]:
    """Returns the commands that repeat the result of each method on a problem.

    Args:
        study: The study.
        problem: The problem's name.

    Returns:
        For each method the command of its search, if it followed a protocol, and that of the first
        of its runs, or of all if several studies chose their settings: `method`, `what` and
        `command`.
    """
    searches = {search.name: search for search in study.searches}
    rows = []
    for setting in study.chosen_on(problem):
        runs = [study.runs.rows[run] for run in setting.runs]
        first, *others = sorted(runs, key=itemgetter("seed"))
        commands = []
        search = searches.get(first["search"])
        if search is not None:
            commands.append(("Search and runs", search_command(search, first["optimizer_path"])))
        named, like_first = ([first, *others], []) if setting.studies else ([first], others)
        seeds = formats.seed_ranges([int(row["seed"]) for row in like_first])
        note = f" (others: {seeds})" if seeds else ""
        commands += [
            (f"Run with seed {row['seed']:.0f}{note}", repeat_command(row)) for row in named
        ]
        rows += [
            {"method": setting.method, "what": what, "command": command}
            for what, command in commands
            if command
        ]
    return rows
