"""How good a method is after only a few trials of a search."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ._bootstrap import percentile_interval
from ._runs import Value, higher_is_better, run_values, value_before_training

Floats = NDArray[np.float64]
_GROUP = ["problem", "method"]


def expected_best(values: ArrayLike, *, larger: bool = False) -> Floats:
    r"""Expect the best of k trials drawn without replacement from the N that were made.

    With the values from best to worst, \(v_1, \dots, v_N\), the best of k is \(v_i\) if i is drawn
    and the other k - 1 are among the N - i behind it:
    \[ \mathrm{E}[\mathrm{best}_k] = \sum_{i=1}^{N-k+1} v_i \binom{N-i}{k-1} \Big/ \binom{N}{k}. \]

    Args:
        values: One value per setting tried, `[N]`.
        larger: Whether larger values are better.

    Returns:
        The expectation for k = 1 ... N, `[N]`.

    Raises:
        ValueError: If there are no values or one of them is not finite.

    Source:
        Tang et al., Showing Your Work Doesn't Always Work, ACL 2020, arXiv 2004.13705, equation 5
        (unbiased), after Dodge et al., Show Your Work, EMNLP 2019, arXiv 1909.03004.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or len(data) == 0 or not np.isfinite(data).all():
        raise ValueError("expected_best needs at least one value, and finite ones")
    ordered = np.sort(data)
    return _weights(len(data)) @ (ordered[::-1] if larger else ordered)


def _weights(num: int) -> Floats:
    """Return the probability that the i-th best of `num` is the best of k: `[k, i]`."""
    k = np.arange(1, num + 1)[:, None]
    i = np.arange(1, num + 1)[None, :]
    possible = i <= num - k + 1
    behind = np.where(possible, num - i, k - 1)
    logs = _log_choose(behind, k - 1) - _log_choose(np.asarray(num), k)
    return np.where(possible, np.exp(logs), 0.0)


def _log_choose(n: NDArray[np.int64], k: NDArray[np.int64]) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def tunability(
    frame: pd.DataFrame,
    *,
    value: Value = "final",
    confidence: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Give each method's expected best performance after k trials of the search that was made.

    A trial is a setting, its value the mean over the seeds that all settings of the method share
    (else over all its runs). A diverged trial counts as no training at all: as the metric before
    training, as does a trial that ended worse than that. The intervals are of a bootstrap over
    settings.

    Args:
        frame: A tidy frame with all settings tried.
        value: Whether the final or the best value of a run counts.
        confidence: The intervals' coverage.
        num_resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.

    Returns:
        One row per problem, method and number of trials: `metric`, `trials`, `expected`, `low`,
        `high`.

    Source:
        `expected_best`; the question is that of Sivaprasad et al., Optimizer Benchmarking Needs to
        Account for Hyperparameter Tuning, ICML 2020, arXiv 1910.11758.
    """
    runs = run_values(frame, value=value)
    tables = []
    for key, group in runs.groupby(_GROUP, observed=True, sort=True):
        metric = str(group["metric"].iloc[0])
        start = value_before_training(frame, str(key[0]), metric)
        larger = higher_is_better(metric)
        values = _trial_values(group, start, larger=larger)
        if len(values) == 0:
            continue
        generator = np.random.default_rng(seed)
        draws = generator.integers(len(values), size=(num_resamples, len(values)))
        resamples = np.sort(values[draws], axis=1)
        estimates = (resamples[:, ::-1] if larger else resamples) @ _weights(len(values)).T
        ends = [percentile_interval(column, confidence) for column in estimates.T]
        table = pd.DataFrame(ends, columns=["low", "high"])
        table.insert(0, "expected", expected_best(values, larger=larger))
        table.insert(0, "trials", np.arange(1, len(values) + 1))
        tables.append(table.assign(problem=str(key[0]), method=str(key[1]), metric=metric))
    columns = [*_GROUP, "metric", "trials", "expected", "low", "high"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def _trial_values(runs: pd.DataFrame, start: float, *, larger: bool) -> Floats:
    shared = set.intersection(*runs.groupby("setting")["seed"].agg(set))
    counted = runs[runs["seed"].isin(shared)] if shared else runs
    values = counted["value"].fillna(start)
    values = values.clip(lower=start) if larger else values.clip(upper=start)
    # Where not even the value before training is known, a diverged trial is worth nothing sayable.
    return values.groupby(counted["setting"]).mean().dropna().to_numpy(dtype=np.float64)
