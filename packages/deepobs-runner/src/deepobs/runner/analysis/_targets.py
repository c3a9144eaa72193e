"""Time to a target, in epochs, steps, examples, tokens and seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from ..common import unknown
from ._flags import collapsed_runs
from ._metrics import Phase, default_metric, higher_is_better, problem_metrics
from ._runs import per_run

#: A value of the problem's own metric (`default_metric`), or a metric's name and a value of it.
Target: TypeAlias = float | tuple[str, float]

#: The values that count as converged, per problem: test accuracy, or test loss for quadratic_deep
#: and the VAEs. From `convergence_performance.json` of the published baselines.
CONVERGENCE_TARGETS: Mapping[str, float] = {
    "quadratic_deep": 87.70315464772136,
    "mnist_vae": 73.49819796869767,
    "fmnist_2c2d": 0.9198093278634639,
    "cifar10_3c3d": 0.8283307079578206,
    "fmnist_vae": 92.97764997362836,
    "cifar100_allcnnc": 0.5256043511573971,
    "svhn_wrn164": 0.9501991843298437,
    "tolstoi_char_rnn": 0.6045863566200845,
}


def problem_targets(
    frame: pd.DataFrame, targets: Mapping[str, Target] | None = None, phase: Phase = "test"
) -> dict[str, Target]:
    """Returns the target of each problem that has a meaningful one.

    Given targets take precedence, then the problem's own target at the time of the run (the column
    `target`), then `CONVERGENCE_TARGETS`. Targets that a collapsed run (`collapsed_runs`) or all
    runs meet within the first epoch say nothing about training and are ignored.

    Args:
        frame: A tidy frame with all settings tried.
        targets: Targets by problem: a value of the problem's metric (`default_metric`), or a pair
            of another metric and a value, such as `("loss", 0.1)`.
        phase: The phase that the metric is measured on.

    Returns:
        The targets by problem.

    Raises:
        UsageError: If a metric was not measured on its problem.
    """
    problems = frame["problem"].astype(object)
    known: dict[str, Target] = dict(CONVERGENCE_TARGETS)
    recorded = frame["target"].groupby(problems).max().dropna()
    known |= {str(problem): float(target) for problem, target in recorded.items()}
    known |= targets or {}
    collapsed = collapsed_runs(frame)
    stuck = set(collapsed.index[collapsed])
    telling = {}
    for problem in problems.unique():
        if problem not in known:
            continue
        metric, value = target_on(frame, problem, known[problem], phase)
        hits = _first_hits(frame, problem, value, metric)
        early = set(hits.loc[hits["epochs_to_target"] <= 1, "run_id"])
        if not stuck & early and early != set(frame.loc[problems == problem, "run_id"]):
            telling[str(problem)] = known[problem]
    return telling


def target_on(
    frame: pd.DataFrame, problem: str, target: Target, phase: Phase = "test"
) -> tuple[str, float]:
    """Returns the column that a target refers to, such as "test_accuracy", and its value.

    Args:
        frame: A tidy frame.
        problem: The problem's name.
        target: Its target.
        phase: The phase that the metric is measured on.

    Raises:
        UsageError: If the target's metric was not measured on the problem.
    """
    if not isinstance(target, tuple):
        return default_metric(frame, problem, phase), float(target)
    name, value = target
    metrics = problem_metrics(frame, problem)
    if name not in metrics:
        raise unknown(f"metric of {problem}", name, metrics, f"there are {', '.join(metrics)}.")
    return f"{phase}_{name}", float(value)


def time_to_target(
    frame: pd.DataFrame,
    targets: Mapping[str, Target] | None = None,
    phase: Phase = "test",
) -> pd.DataFrame:
    r"""Finds when each run first reaches its problem's target.

    \[ t = \min\{e : m(e) \ge m^*\} \] for accuracies, with \(\le\) for losses; the resolution of
    all measures is one epoch, since runs are evaluated after each.

    Args:
        frame: A tidy frame.
        targets: The target of each problem, as `problem_targets` takes them; by default
            `problem_targets` of the frame. Problems without one are left out.
        phase: The phase that the metric is measured on; "valid" is AlgoPerf's rule.

    Returns:
        The table of `per_run` with the additional columns `metric`, `target`, `reached`, and
        `epochs_to_target`, `steps_to_target`, `examples_to_target`, `tokens_to_target`,
        `seconds_to_target`: infinity where the target was not reached, NaN where the measure was
        not recorded.

    Source:
        DeepOBS's speed of convergence, Schneider et al., ICLR 2019, arXiv 1903.05499, section 3.2.
    """
    targets = problem_targets(frame, phase=phase) if targets is None else targets
    runs = per_run(frame).drop(columns="target")
    runs["run_id"] = runs["run_id"].astype(object)
    problems = runs["problem"].astype(object)
    runs = runs[problems.isin(targets)].reset_index(drop=True)
    problems = runs["problem"].astype(object)
    aims = {name: target_on(frame, name, targets[name], phase) for name in problems.unique()}
    metrics, values = ({name: aim[place] for name, aim in aims.items()} for place in range(2))
    runs = runs.assign(metric=problems.map(metrics), target=problems.map(values))
    first = [_first_hits(frame, name, value, metric) for name, (metric, value) in aims.items()]
    hits = pd.concat(first) if first else pd.DataFrame(columns=["run_id", *_MEASURES])
    runs = runs.merge(hits, on="run_id", how="left", sort=False)
    runs["reached"] = runs["epochs_to_target"].notna()
    recorded = frame.groupby("run_id", observed=True)[list(_COUNTED)].count() > 0
    recorded.index = recorded.index.astype(object)
    for name in _MEASURES:
        missed = ~runs["reached"]
        if name != "epochs_to_target":
            missed &= runs["run_id"].map(recorded[name.removesuffix("_to_target")]).astype(bool)
        runs[name] = runs[name].astype(np.float64).where(~missed, math.inf)
    return runs


_COUNTED = ("steps", "examples", "tokens", "seconds")
_MEASURES = [f"{name}_to_target" for name in ("epochs", *_COUNTED)]


def _first_hits(frame: pd.DataFrame, problem: str, target: float, metric: str) -> pd.DataFrame:
    """Returns the first row of each run of the problem at which the target is reached."""
    rows = frame[frame["problem"] == problem]
    larger = higher_is_better(frame, problem, metric)
    hit = rows[metric] >= target if larger else rows[metric] <= target
    found = rows[hit].sort_values("epoch", kind="stable").drop_duplicates("run_id")
    columns = {"epoch": "epochs_to_target"} | {name: f"{name}_to_target" for name in _COUNTED}
    found = found[["run_id", *columns]].rename(columns=columns)
    return found.assign(run_id=found["run_id"].astype(object))


def target_table(
    frame: pd.DataFrame,
    targets: Mapping[str, Target] | None = None,
    phase: Phase = "test",
) -> pd.DataFrame:
    """Summarizes the time to target of each method by the median over its runs.

    AlgoPerf scores the median over seeds of the time to a *validation* target: `phase="valid"`.

    Args:
        frame: A tidy frame, usually of tuned runs (`tuned_runs`), since all runs of a method are
            used.
        targets: As for `time_to_target`.
        phase: As for `time_to_target`.

    Returns:
        One row per problem and method: `metric`, `target`, `num_runs`, `num_reached`, and the
        medians `epochs_to_target`, `steps_to_target`, `examples_to_target`, `tokens_to_target`,
        `seconds_to_target`: infinity if half or more of the runs did not reach the target, NaN if
        the measure was not recorded.
    """
    runs = time_to_target(frame, targets, phase)
    groups = runs.groupby(["problem", "method"], observed=True, sort=True)
    table = groups.agg(
        metric=("metric", "first"),
        target=("target", "first"),
        num_runs=("run_id", "size"),
        num_reached=("reached", "sum"),
        **{name: (name, _median) for name in _MEASURES},
    )
    return table.reset_index()


def _median(values: pd.Series) -> float:
    """Returns the median; that of infinities is infinity, not the NaN of inf - inf."""
    known = np.sort(values.to_numpy(dtype=np.float64))
    if len(known) == 0 or np.isnan(known).any():
        return math.nan
    low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
    return float(low if low == high else (low + high) / 2)
