"""What stands behind means: values along the way, and the runs that no mean includes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._curves import check_problem
from ._runs import METRICS, mean_and_spread
from ._study import Study

_MILESTONES = (0, 1, 2, 5, 10, 20, 50, 100, 200)


def milestone_table(frame: pd.DataFrame | Study, problem: str) -> pd.DataFrame:
    """Sums up the learning curves of each method's chosen setting after a few epochs.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problem: The problem's name.

    Returns:
        A row per method, `metric` and `epoch` (0, 1, 2, 5, 10, ... and the last), with `mean` and
        `std` (n - 1) over seeds; NaN where one of the runs has no value.

    Raises:
        UsageError: If the frame has no such problem.
    """
    study = Study.of(frame)
    check_problem(study, problem)
    runs, chosen = study.runs, study.chosen_on(problem)
    last = max(len(runs.series(run, "epoch")) for setting in chosen for run in setting.runs) - 1
    epochs = sorted({epoch for epoch in _MILESTONES if epoch < last} | {last})
    rows = []
    for setting in chosen:
        for metric in METRICS:
            members = [runs.series(run, metric) for run in setting.runs if runs.has(run, metric)]
            if not members:
                continue
            mean, std = mean_and_spread(members)
            rows += [
                (setting.method, metric, epoch, mean[epoch], std[epoch])
                for epoch in epochs
                if epoch < len(mean)
            ]
    return pd.DataFrame(rows, columns=["method", "metric", "epoch", "mean", "std"])


def diverged_table(frame: pd.DataFrame | Study) -> pd.DataFrame:
    """Counts the runs that stopped because the loss was no longer a finite number.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        A row per problem and method of which a run diverged: `num_diverged`, `num_runs`; the least
        and largest learning rate at which one did, `lowest_rate` and `highest_rate`; the last
        epochs with a finite loss, `first_epoch` to `last_epoch` over those runs; and
        `highest_finished`, the largest learning rate at which a run finished, or NaN.
    """
    study = Study.of(frame)
    runs = study.runs
    table = pd.DataFrame(
        {
            "problem": [row["problem"] for row in runs.rows],
            "method": [row["method"] for row in runs.rows],
            "rate": [float(row["learning_rate"]) for row in runs.rows],
            "epoch": [_last_epoch(study, run) for run in range(len(runs))],
            "diverged": [runs.diverged(run) for run in range(len(runs))],
        }
    )
    groups = ["problem", "method"]
    lost = table[table["diverged"]].groupby(groups, sort=False)
    every = table.groupby(groups)
    finished = table[~table["diverged"]].groupby(groups)
    counts = lost.agg(
        num_diverged=("rate", "size"),
        lowest_rate=("rate", "min"),
        highest_rate=("rate", "max"),
        first_epoch=("epoch", "min"),
        last_epoch=("epoch", "max"),
    )
    counts.insert(1, "num_runs", every.size())
    return counts.assign(highest_finished=finished["rate"].max()).reset_index()


def _last_epoch(study: Study, run: int) -> int:
    """The last epoch whose training loss is a number."""
    for metric in ("train_loss", "test_loss"):
        known = np.flatnonzero(np.isfinite(study.runs.series(run, metric)))
        if len(known):
            return int(known[-1])
    return 0
