"""The cost of methods: overhead, and the frontier of speed against loss."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ._metrics import check_choice, default_metric, higher_is_better
from ._profiles import Measure
from ._runs import per_run, with_methods

_COLUMNS = {name: name for name in get_args(Measure)} | {"epochs": "epoch"}
_GROUP = ["problem", "method"]


def pareto_mask(costs: ArrayLike, losses: ArrayLike) -> NDArray[np.bool_]:
    r"""Marks the points that no other point beats in cost and loss at once.

    A point is dominated if another has no larger cost and no larger loss, and is better in one of
    them.

    Args:
        costs: `[N]`, smaller is better.
        losses: `[N]`, smaller is better.

    Returns:
        `[N]`, True on the frontier; points with a NaN are not on it.
    """
    cost, loss = np.asarray(costs, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    on_frontier = np.zeros(len(cost), dtype=bool)
    known = np.flatnonzero(~(np.isnan(cost) | np.isnan(loss)))
    order = known[np.lexsort((loss[known], cost[known]))]
    best, best_cost = np.inf, -np.inf
    for index in order:
        twin = loss[index] == best and cost[index] == best_cost
        if loss[index] < best or twin:
            on_frontier[index] = True
            best, best_cost = loss[index], cost[index]
    return on_frontier


def speed_frontier(frame: pd.DataFrame, cost: Measure = "seconds") -> pd.DataFrame:
    """Finds the best method for each budget: the frontier of speed against performance.

    Each method's curve is the mean over its runs of the best value so far, at each epoch. It ends
    where one of them diverged: the mean of the remaining runs would be too favorable.

    Args:
        frame: A tidy frame of tuned runs (`tuned_runs`).
        cost: Measure of cost: "epochs", "steps", "examples", "tokens" or "seconds" of training.

    Returns:
        One row per problem, method and epoch after the first: `metric`, `epoch`, `cost` (mean over
        the runs), `value`, and `on_frontier`, whether no method reached a value as good at a lower
        cost. Methods whose cost was not recorded are left out.

    Raises:
        UsageError: If `cost` is not one of the five.
    """
    check_choice("cost", cost, get_args(Measure))
    labelled = with_methods(frame)
    recorded = labelled[labelled[_COLUMNS[cost]].notna()]
    tables = []
    for problem, rows in recorded.groupby("problem", observed=True):
        metric = default_metric(frame, str(problem))
        sign = -1.0 if higher_is_better(frame, str(problem), metric) else 1.0
        table = _mean_best(rows, sign * rows[metric], rows[_COLUMNS[cost]])
        table["on_frontier"] = pareto_mask(table["cost"], table["value"])
        tables.append(
            table.assign(problem=str(problem), metric=metric, value=sign * table["value"])
        )
    columns = [*_GROUP, "metric", "epoch", "cost", "value", "on_frontier"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def _mean_best(rows: pd.DataFrame, losses: pd.Series, costs: pd.Series) -> pd.DataFrame:
    """Means over each method's runs of cost and least loss so far, while all runs last."""
    finite = losses.where(np.isfinite(losses))  # a value beyond all measure is none
    best = finite.groupby(rows["run_id"].astype(object)).cummin()
    parts = {"method": rows["method"].astype(object), "epoch": rows["epoch"]}
    table = pd.DataFrame({**parts, "cost": costs, "value": best, "run": rows["run_id"]})
    runs = table.groupby("method")["run"].nunique()
    groups = table[table["epoch"] > 0].groupby(["method", "epoch"], as_index=False)
    means = groups.agg(
        cost=("cost", "mean"), value=("value", "mean"), runs=("value", "count")
    )  # a value that is NaN does not count
    return means[means["runs"] == means["method"].map(runs)].drop(columns="runs")


def optimizer_overhead(frame: pd.DataFrame) -> pd.DataFrame:
    r"""Computes the cost of the optimizer's step relative to that of the gradient.

    The overhead is \( t_o / t_g \), with the median seconds per step of the forward and backward
    pass, \(t_g\), and of the optimizer, \(t_o\).

    Args:
        frame: A tidy frame.

    Returns:
        One row per problem and method that has timings: medians over its runs of
        `forward_backward_seconds`, `optimizer_seconds`, `overhead`, `optimizer_state_bytes`,
        `peak_memory_bytes`, `memory_of` (what that is the peak of: "tensors" on the device, or the
        whole "process", which is all that can be measured on a CPU), and `num_runs`.
    """
    runs = per_run(frame)
    gradient = runs["forward_backward_seconds"].where(runs["forward_backward_seconds"] > 0)
    runs = runs.assign(overhead=runs["optimizer_seconds"] / gradient)
    timed = runs[runs["overhead"].notna()]
    groups = timed.groupby(_GROUP, observed=True, sort=True)
    columns = [
        "forward_backward_seconds",
        "optimizer_seconds",
        "overhead",
        "optimizer_state_bytes",
        "peak_memory_bytes",
    ]
    memory_of = groups["hardware"].agg(_memory_of).rename("memory_of")
    table = groups[columns].median().join(memory_of)
    return table.join(groups.size().rename("num_runs")).reset_index()


def _memory_of(hardware: pd.Series) -> str:
    """Tells what peak memory was measured of: runs know their device, on CUDA by its name."""
    names = set(hardware.astype(object).dropna())
    return "process" if not names or names & {"cpu", "mps"} else "tensors"
