"""AlgoPerf's score: time to the validation target, best trial of each study, median of studies."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from ..analysis import Measure, profile_score, time_to_target


def study_times(
    frame: pd.DataFrame,
    methods: Mapping[str, str],
    *,
    targets: Mapping[str, float] | None = None,
    measure: Measure = "seconds",
) -> pd.DataFrame:
    """Returns the time of each method on each problem, by AlgoPerf's external tuning ruleset.

    In each study, the trial that reaches the target on validation data first counts; a trial that
    does not reach it takes an infinite time. The time of the method on the problem is the median
    over studies.

    Args:
        frame: A tidy frame.
        methods: The method of each search, by the search's name.
        targets: Targets by problem; default: the problems' own. Problems without one are left out.
        measure: "seconds", "steps" or "epochs".

    Returns:
        One row per problem, one column per method; infinity where half or more of the studies did
        not reach the target.

    Source:
        Dahl et al., Benchmarking Neural Network Training Algorithms, 2023, arXiv 2306.07179,
        section 4; mlcommons/algorithmic-efficiency, DOCUMENTATION.md, "External tuning ruleset".
    """
    trials = frame[frame["search"].isin(list(methods)) & (frame["role"] != "repeat")]
    runs = time_to_target(trials, targets, phase="valid")
    runs = runs.assign(
        compared=runs["search"].astype(object).map(dict(methods)),
        problem=runs["problem"].astype(object),
        search=runs["search"].astype(object),
    )
    column = f"{measure}_to_target"
    best = runs.groupby(["problem", "compared", "search"], sort=False)[column].min()
    median = best.groupby(["problem", "compared"], sort=False).apply(_median)
    return median.unstack("compared").reindex(columns=list(dict.fromkeys(methods.values())))


def algoperf_score(times: pd.DataFrame) -> pd.Series:
    """Returns AlgoPerf's benchmark score: the integrated performance profile of `study_times`.

    Problems on which a method was not run are left out.

    Args:
        times: One row per problem, one column per method.

    Returns:
        A score from 0 to 1 for each method; 0 without any problem.
    """
    complete = times.dropna()
    if complete.empty:
        return pd.Series(0.0, index=times.columns, name="score")
    return profile_score(complete)


def _median(times: pd.Series) -> float:
    """Returns the median; between a number and infinity it is infinity."""
    known = sorted(times)
    low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
    return math.inf if math.isinf(high) else (low + high) / 2
