"""The data of the page's charts, as compact JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..figures import frontier_data
from ..study import AXES, Floats, Runs, Setting, Study, mean_and_spread

MAX_POINTS = 200  # per curve; a chart of column width cannot show more
MIN_POINTS = 25
MAX_VALUES = 900_000  # over all single runs: about 6 MB
DIGITS = 6


def dump(data: object) -> Markup:
    """Returns JSON that is safe inside a `<script>` element.

    Args:
        data: Any JSON-serializable value without NaN.

    Returns:
        Markup without any `<`, `>` or `&`.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def problem_data(study: Study, problem: str, methods: Mapping[str, int]) -> dict[str, Any]:
    """Collects one problem's curves.

    Args:
        study: The study.
        problem: The problem's name.
        methods: Each method's number on the page.

    Returns:
        `grids` (epochs at which curves are kept), `curves` (mean and spread of each method's best
        setting), `runs` (individual runs), `sensitivity` (final value per learning rate),
        `tunability` (expected best per number of trials) and `frontier` (best value per budget).
    """
    runs, settings, best = study.runs, study.settings_on(problem), study.chosen_on(problem)
    grids = _Grids(_points(len(runs)))
    members = [run for setting in settings for run in setting.runs]
    shown = {run for setting in best for run in setting.runs}
    return {
        "curves": [_curve(runs, setting, grids, methods) for setting in best],
        "runs": [_single(runs, run, grids, methods, best=run in shown) for run in members],
        "sensitivity": _sensitivity(runs, study.rates_on(problem), methods),
        "tunability": _tunability(study, problem, methods),
        "frontier": frontier_data(study, problem, methods),
        "grids": grids.values,
    }


def _tunability(study: Study, problem: str, methods: Mapping[str, int]) -> list[dict[str, Any]]:
    table = study.tunability[study.tunability["problem"] == problem]
    return [
        {"m": methods[str(method)], "metric": str(rows["metric"].iloc[0])}
        | {name: compact(rows[name].to_numpy(np.float64)) for name in _TUNABILITY}
        for method, rows in table.groupby("method", observed=True)
        if len(rows) > 1
    ]


_TUNABILITY = ("trials", "expected", "low", "high")


class _Grids:
    """Returns the epochs at which a curve is kept, shared by curves of the same length."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.values: list[list[int]] = []
        self._numbers: dict[int, int] = {}

    def of(self, length: int) -> tuple[int, NDArray[np.intp]]:
        if length not in self._numbers:
            self._numbers[length] = len(self.values)
            kept = np.linspace(0, max(length - 1, 0), min(length, self.points)).round()
            self.values.append(np.unique(kept).astype(int).tolist())
        number = self._numbers[length]
        return number, np.array(self.values[number], dtype=np.intp)


def _points(num_runs: int) -> int:
    return int(np.clip(MAX_VALUES / max(4 * num_runs, 1), MIN_POINTS, MAX_POINTS))


def _curve(
    runs: Runs, setting: Setting, grids: _Grids, methods: Mapping[str, int]
) -> dict[str, Any]:
    length = max(len(runs.series(run, "epoch")) for run in setting.runs)
    grid, kept = grids.of(length)
    curve: dict[str, Any] = {
        "m": methods[setting.method],
        "lr": compact(np.array([setting.learning_rate]))[0],
        "n": len(setting.runs),
        "g": grid,
    }
    for metric in runs.metrics:
        rows = [runs.series(run, metric) for run in setting.runs if runs.has(run, metric)]
        if rows:
            curve[metric] = [_kept(values, kept) for values in mean_and_spread(rows)]
    for axis in AXES[1:]:
        mean, _ = mean_and_spread([runs.series(run, axis) for run in setting.runs])
        _add_axis(curve, axis, mean, kept)
    return curve


def _single(
    runs: Runs, run: int, grids: _Grids, methods: Mapping[str, int], *, best: bool
) -> dict[str, Any]:
    row = runs.rows[run]
    grid, kept = grids.of(len(runs.series(run, "epoch")))
    single: dict[str, Any] = {
        "m": methods[row["method"]],
        "lr": compact(np.array([row["learning_rate"]]))[0],
        "seed": int(row["seed"]),
        "g": grid,
    }
    if best:
        single["best"] = 1
    for metric in runs.metrics:
        if runs.has(run, metric):
            single[metric] = _kept(runs.series(run, metric), kept)
    for axis in AXES[1:]:
        _add_axis(single, axis, runs.series(run, axis), kept)
    return single


def _sensitivity(runs: Runs, settings: Sequence[Setting], methods: Mapping[str, int]) -> list[Any]:
    """Returns each method's final values by learning rate; no mean if a seed diverged."""
    by_method: dict[str, list[Setting]] = {}
    for setting in settings:
        by_method.setdefault(setting.method, []).append(setting)
    entries = []
    for method, members in by_method.items():
        entry: dict[str, Any] = {
            "m": methods[method],
            "lr": compact(np.array([setting.learning_rate for setting in members])),
            "n": [len(setting.runs) for setting in members],
            "diverged": [sum(runs.diverged(run) for run in setting.runs) for setting in members],
        }
        for metric in runs.metrics:
            if any(runs.has(run, metric) for setting in members for run in setting.runs):
                ends = [
                    mean_and_spread([np.array([runs.final(run, metric)]) for run in setting.runs])
                    for setting in members
                ]
                entry[metric] = [compact(np.concatenate(part)) for part in zip(*ends, strict=True)]
        entries.append(entry)
    return entries


def _add_axis(curve: dict[str, Any], axis: str, values: Floats, kept: NDArray[np.intp]) -> None:
    if np.isnan(values).all():
        return
    per_epoch = values[-1] / max(len(values) - 1, 1)
    if axis != "seconds" and np.array_equal(values, per_epoch * np.arange(len(values))):
        # As a number instead of a series.
        curve.setdefault("each", {})[axis] = per_epoch
    else:
        curve[axis] = _kept(values, kept)


def _kept(values: Floats, kept: NDArray[np.intp]) -> list[float | None]:
    return compact(values[kept[kept < len(values)]])


def compact(values: Floats) -> list[float | None]:
    """Rounds to six significant digits, for compact JSON.

    Args:
        values: Numbers; non-finite ones become `None`.

    Returns:
        One entry per number.
    """
    sizes = np.abs(values)
    usual = (sizes > 1e-15) & (sizes < 1e15)  # where powers of ten, and so the scale, are exact
    sizes = np.where(usual, sizes, 1.0)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(sizes)))
    rounded = np.rint(np.where(usual, values, 0.0) * scale) / scale
    result: list[float | None] = rounded.tolist()
    for place in np.flatnonzero(~usual):
        value = float(values[place])
        result[place] = float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return result
