"""The page's sections over all problems."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ..study import MEASURES, Study, records
from ..text import diverged_table, formats
from ._data import compact


def across_view(study: Study) -> dict[str, Any]:
    """Describes the methods' results over the problems that they share.

    Args:
        study: The study.

    Returns:
        `rows` (one per method), `num_problems` (summarized in the rows), `pairs` of methods,
        `ranks` (a sentence) and `num_targets`: the shared problems with a target.
    """
    ranks = analysis.rank_test(study.scores)
    times = study.times["epochs"]
    scores = analysis.profile_score(times) if len(times) else pd.Series(dtype=np.float64)
    aggregates = analysis.aggregate_table(study.frame, study.tuned)
    rows = [
        {
            "method": row["method"],
            "mean": f"{row['mean']:.3f}",
            "iqm": f"{row['iqm']:.3f}",
            "interval": formats.interval(row["low"], row["high"], 3),
            "score": _optional(scores.get(row["method"]), "{:.2f}"),
            "rank": _optional(ranks.ranks.get(row["method"]), "{:.2f}"),
        }
        for row in records(aggregates)
    ]
    pairs = [
        {
            "a": row["method_a"],
            "b": row["method_b"],
            "problems": row["num_problems"],
            "probability": f"{row['probability']:.2f}",
            "interval": formats.interval(row["low"], row["high"]),
            "p": formats.p_value(row["p_holm"]),
            "better": row["better"] or "cannot tell",
        }
        for row in records(study.overall)
    ]
    return {
        "rows": rows,
        "num_problems": int(aggregates["num_problems"].iloc[0]) if rows else 0,
        "pairs": pairs,
        "ranks": _rank_sentence(ranks),
        "num_targets": len(times),
    }


def profile_data(study: Study, methods: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    """Collects the performance profiles' steps for the chart.

    Args:
        study: The study.
        methods: Each method's number on the page.

    Returns:
        The methods' profiles by axis (`MEASURES`); empty if there is nothing to compare.
    """
    data: dict[str, list[dict[str, Any]]] = {}
    for axis, measure in MEASURES.items():
        times = study.times[measure]
        data[axis] = []
        if len(times):
            profile = analysis.performance_profile(times)
            x = compact(profile.index.to_numpy(dtype=np.float64))
            data[axis] = [
                {"m": methods[str(name)], "x": x, "y": compact(profile[name].to_numpy())}
                for name in profile.columns
            ]
    return data


def overhead_view(study: Study) -> list[dict[str, Any]]:
    """Describes what each optimizer's step costs.

    Args:
        study: The study.

    Returns:
        Rows for the template and the chart; empty if no run has timings.
    """
    return [
        {
            "problem": row["problem"],
            "method": row["method"],
            "share": row["overhead"],
            "overhead": f"{formats.number(100 * row['overhead'], 3)} %",
            "gradient": formats.seconds(row["forward_backward_seconds"]),
            "step": formats.seconds(row["optimizer_seconds"]),
            "state": formats.size(row["optimizer_state_bytes"]),
            "memory": _peak_memory(row),
            "runs": row["num_runs"],
        }
        for row in records(study.overhead)
    ]


def _peak_memory(row: Mapping[str, Any]) -> str:
    """Returns the peak memory, with a note if it is that of the whole process."""
    text = formats.size(row["peak_memory_bytes"])
    whole = row["memory_of"] == "process" and text != formats.MISSING
    return f"{text} (whole process)" if whole else text


def diverged_view(study: Study) -> list[dict[str, Any]]:
    """Describes the diverged runs, with a row per problem and method.

    Args:
        study: The study.

    Returns:
        Rows for the template.
    """
    return [
        {
            "problem": row["problem"],
            "method": row["method"],
            "count": f"{row['num_diverged']} of {row['num_runs']}",
            "rates": _span(row["lowest_rate"], row["highest_rate"], formats.learning_rate),
            "epochs": _span(row["first_epoch"], row["last_epoch"], str),
            "highest": formats.MISSING
            if math.isnan(row["highest_finished"])
            else formats.learning_rate(row["highest_finished"]),
        }
        for row in records(diverged_table(study))
    ]


def _span(low: float, high: float, write: Callable[[float], str]) -> str:
    return write(low) if low == high else f"{write(low)} to {write(high)}"


def _rank_sentence(test: analysis.RankTest) -> str:
    if math.isnan(test.p_value):
        return ""
    over = f"Average ranks over {test.num_problems} problems"
    if test.smallest > 0.05:
        return (
            f"{over} of {len(test.ranks)} methods are too few for a test: no ranking can give a p "
            f"below {test.smallest:.2g}."
        )
    p = f"p {'' if test.p_value < 0.001 else '= '}{formats.p_value(test.p_value)}"
    if test.p_value > 0.05:
        return f"{over} do not differ significantly ({p}, Friedman's test, permuted)."
    return (
        f"{over} differ ({p}, Friedman's test, permuted); ranks closer than "
        f"{test.critical_difference:.2f} do not differ significantly (Nemenyi)."
    )


def _optional(value: float | None, form: str) -> str:
    return form.format(value) if value is not None and math.isfinite(value) else formats.MISSING
