"""The runs that are compared: those at the chosen settings that did not select them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._runs import run_values, value_before_training
from ._tuning import judged_runs, tuned_settings

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The results of a method on a problem that are compared: one value per seed.

    Attributes:
        method: The method's label.
        values: Final values in the order of `seeds`, `[n]`; NaN for a diverged run.
        seeds: The seeds in ascending order, `[n]`.
        times: When each run started, in seconds, `[n]`; NaN where that is not known.
        left_out: Seeds that do not count, because they selected the setting.
        same_runs: Whether the seeds that count also selected the setting, because there are no
            others.
        budget: Number of settings that were tried.
        epochs: Number of epochs; NaN where that is not known.
        source: The source of the runs; seeds of different sources are unrelated.
        num_diverged: Number of diverged runs.
    """

    method: str
    values: Floats
    seeds: NDArray[np.int64]
    times: Floats
    left_out: tuple[int, ...] = ()
    same_runs: bool = False
    budget: int = 1
    epochs: float = math.nan
    source: str = ""

    @property
    def num_diverged(self) -> int:
        """Number of seeds with a diverged run."""
        return int(np.isnan(self.values).sum())

    @property
    def mean(self) -> float:
        """Mean of the finished runs; NaN if there are none."""
        finished = self.values[~np.isnan(self.values)]
        return float(finished.mean()) if len(finished) else math.nan


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The methods on one problem.

    Attributes:
        problem: The problem's name.
        metric: The metric: a column of the tidy frame.
        larger: Whether larger values of it are better.
        start: The metric before training, mean over all runs of the problem.
        samples: The results of each method.
    """

    problem: str
    metric: str
    larger: bool
    start: float
    samples: Mapping[str, Sample]


def contests(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> tuple[Contest, ...]:
    """Collects the results that are compared on each problem.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to judge, as returned by `tuned_settings` (computed by default).

    Returns:
        One contest per problem, by its name.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    choices = {(row["problem"], row["method"]): row for row in tuned.to_dict("records")}
    runs = run_values(judged_runs(frame, tuned))
    found = []
    for problem, group in runs.groupby("problem", observed=True, sort=True):
        metric, larger = str(group["metric"].iloc[0]), bool(group["larger"].iloc[0])
        samples = {
            str(method): _sample(str(method), table, choices[problem, method])
            for method, table in _by_seed(group).groupby("method", observed=True, sort=True)
        }
        start = value_before_training(frame, str(problem), metric)
        found.append(
            Contest(
                problem=str(problem), metric=metric, larger=larger, start=start, samples=samples
            )
        )
    return tuple(found)


def _by_seed(runs: pd.DataFrame) -> pd.DataFrame:
    """Averages runs with the same seed, which are not independent.

    Args:
        runs: Rows of `run_values` of one problem.

    Returns:
        One row per method and seed, in their order: `value` (NaN if a run diverged), `time` (when
        the first run started, in seconds), `num_epochs` and `source`.
    """
    started = pd.to_datetime(
        runs["started"].astype(object), utc=True, errors="coerce", format="ISO8601"
    )
    seconds = (started - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    groups = runs.assign(time=seconds, lost=runs["value"].isna()).groupby(
        ["method", "seed"], observed=True, sort=True
    )
    table = groups.agg(
        value=("value", "mean"),
        lost=("lost", "any"),
        time=("time", "min"),
        num_epochs=("num_epochs", "first"),
        source=("source", "first"),
    )
    return table.assign(value=table["value"].mask(table["lost"])).reset_index()


def _sample(method: str, table: pd.DataFrame, choice: Mapping[Hashable, Any]) -> Sample:
    return Sample(
        method=method,
        values=table["value"].to_numpy(dtype=np.float64),
        seeds=table["seed"].to_numpy(dtype=np.int64),
        times=table["time"].to_numpy(dtype=np.float64),
        left_out=choice["left_out"],
        same_runs=bool(choice["same_runs"]),
        budget=int(choice["num_settings"]),
        epochs=float(table["num_epochs"].iloc[0]),
        source=str(table["source"].iloc[0]),
    )


@dataclass(frozen=True)
class Pairs:
    """The values of two methods, paired if possible.

    Attributes:
        a: One method's values in the order of time, `[n]`; NaN for a diverged run.
        b: Values of the other method, `[m]`; in the order of `a` if paired.
        paired: Whether the values are paired; then n = m.
        times: When the later run of each pair started, `[min(n, m)]`; NaN where that is not known.
    """

    a: Floats
    b: Floats
    paired: bool
    times: Floats

    def differences(self, *, larger: bool) -> Floats:
        """Returns the differences a - b in the order of time, of as many runs as both have.

        Args:
            larger: Whether larger values are better.

        Returns:
            One difference a pair, infinite where one run diverged and 0 where both did.
        """
        fewest = min(len(self.a), len(self.b))
        a, b = self.a[:fewest], self.b[:fewest]
        worst = -math.inf if larger else math.inf
        both = np.isnan(a) & np.isnan(b)
        lost = np.where(np.isnan(a), worst, np.where(np.isnan(b), -worst, a - b))
        return np.asarray(np.where(both, 0.0, lost))


def pair_up(first: Sample, second: Sample) -> Pairs:
    """Combines the runs of two methods, paired by seed if that leaves out no run.

    Runs are paired if both methods are from the same source and have the same seeds, apart from
    seeds that one of them leaves out because they selected its setting. Otherwise all runs are
    used, unpaired. Pairs are ordered by the start of their later run, or by seed if starts are not
    known.

    Args:
        first: One method's runs.
        second: The other's.

    Returns:
        The values of both.
    """
    a = np.flatnonzero(~np.isin(first.seeds, second.left_out))
    b = np.flatnonzero(~np.isin(second.seeds, first.left_out))
    alike = np.array_equal(first.seeds[a], second.seeds[b]) and len(a) > 0
    paired = first.source == second.source and alike
    if paired:
        a = a[np.argsort(np.maximum(first.times[a], second.times[b]), kind="stable")]
        b = np.searchsorted(second.seeds, first.seeds[a])
    else:
        a, b = (np.argsort(sample.times, kind="stable") for sample in (first, second))
    fewest = min(len(a), len(b))
    times = np.maximum(first.times[a][:fewest], second.times[b][:fewest])
    return Pairs(first.values[a], second.values[b], paired=paired, times=times)
