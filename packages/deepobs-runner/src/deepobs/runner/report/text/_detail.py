"""Details behind means: intermediate values and diverged runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..study import Study, check_problem, mean_and_spread

_MILESTONES = (0, 1, 2, 5, 10, 20, 50, 100, 200)


def milestone_table(frame: pd.DataFrame | Study, problem: str) -> pd.DataFrame:
    """Summarises the learning curves of each method's chosen setting at a few epochs.

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
    lengths = [len(runs.series(run, "epoch")) for setting in chosen for run in setting.runs]
    last = max(lengths, default=1) - 1
    epochs = sorted({epoch for epoch in _MILESTONES if epoch < last} | {last})
    rows = []
    for setting in chosen:
        for metric in runs.metrics:
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
    """Counts the diverged runs, whose loss was no longer finite.

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
    every = range(len(runs))
    lost = pd.Series([runs.diverged(run) for run in every], dtype=bool)
    rates = pd.Series([float(row["learning_rate"]) for row in runs.rows])
    epochs = pd.Series([_last_epoch(study, run) for run in every])
    table = pd.DataFrame(
        {
            "problem": [row["problem"] for row in runs.rows],
            "method": [row["method"] for row in runs.rows],
            "lost": lost,
            "lost_rate": rates.where(lost),
            "lost_epoch": epochs.where(lost),
            "finished_rate": rates.where(~lost),
        }
    )
    counts = table.groupby(["problem", "method"], as_index=False, sort=False).agg(
        num_diverged=("lost", "sum"),
        num_runs=("lost", "size"),
        lowest_rate=("lost_rate", "min"),
        highest_rate=("lost_rate", "max"),
        first_epoch=("lost_epoch", "min"),
        last_epoch=("lost_epoch", "max"),
        highest_finished=("finished_rate", "max"),
    )
    counts = counts[counts["num_diverged"] > 0].reset_index(drop=True)
    return counts.astype({"first_epoch": int, "last_epoch": int})


def _last_epoch(study: Study, run: int) -> int:
    """Returns the last epoch whose training loss is a number."""
    for metric in ("train_loss", "test_loss"):
        known = np.flatnonzero(np.isfinite(study.runs.series(run, metric)))
        if len(known):
            return int(known[-1])
    return 0
