"""The performance of a method after a few trials of a search."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import gammaln

from ._runs import Value, run_values, value_before_training

Floats = NDArray[np.float64]
_GROUP = ["problem", "method"]


def expected_best(values: ArrayLike, *, larger: bool = False) -> Floats:
    r"""Returns the expected best of k trials, drawn without replacement from the N that were made.

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
    """Returns the probability that the i-th best of `num` is the best of k: `[k, i]`."""
    k = np.arange(1, num + 1)[:, None]
    i = np.arange(1, num + 1)[None, :]
    possible = i <= num - k + 1
    behind = np.where(possible, num - i, k - 1)
    logs = _log_choose(behind, k - 1) - _log_choose(np.asarray(num), k)
    return np.where(possible, np.exp(logs), 0.0)


def _log_choose(n: NDArray[np.int64], k: NDArray[np.int64]) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def best_of_intervals(
    values: ArrayLike, *, larger: bool = False, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    r"""Returns distribution-free intervals of the median of the best of k trials.

    The best of k is below x with probability \(1 - (1 - F(x))^k\), so its median is the quantile of
    one trial at \(p_k = 1 - 2^{-1/k}\), and order statistics bound that: with the values from best
    to worst, the number of N trials that are better is binomial, and
    \[ [v_l, v_{u+1}], \quad l, u = B^{-1}_{N, p_k}(\alpha/2),\ B^{-1}_{N, p_k}(1 - \alpha/2) \]
    holds the median with probability \(1 - \alpha\) or more, for each k by itself. A few trials say
    little about the best of many: the better end is missing (NaN) from about k = N/5 on, and the
    worse end for k = 1 with fewer than six trials.

    A bootstrap of the expected best is not used because its intervals are too narrow for large k.

    Args:
        values: One value per setting tried, `[N]`, independent draws of one distribution.
        larger: Whether larger values are better.
        confidence: The least coverage of each interval.

    Returns:
        Lower and upper ends for k = 1 ... N, `[N]` each.

    Source:
        Lourie, Cho and He, Show Your Work with Confidence, NAACL 2024, arXiv 2311.09480, for the
        median in place of the mean and its bounds from those of F (theirs hold for all k at once);
        order statistics: Conover, Practical Nonparametric Statistics, 1999, section 3.2.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    ordered = ordered[::-1] if larger else ordered
    num, tail = len(ordered), (1 - confidence) / 2
    p = 1 - 0.5 ** (1 / np.arange(1, num + 1))
    padded = np.concatenate([[np.nan], ordered, [np.nan]])
    better = padded[np.asarray(stats.binom.ppf(tail, num, p), dtype=int)]
    worse = padded[np.asarray(stats.binom.ppf(1 - tail, num, p), dtype=int) + 1]
    return (worse, better) if larger else (better, worse)


def tunability(
    frame: pd.DataFrame, *, value: Value = "final", confidence: float = 0.95
) -> pd.DataFrame:
    """Returns each method's expected best performance after k trials of the search that was made.

    A trial is a setting. Its value is the mean over the seeds that all settings of the method
    share, or over all its runs if they share none. Diverged trials, and trials that end worse than
    before training, count as the metric before training.

    Args:
        frame: A tidy frame with all settings tried.
        value: Whether to use the "final" or the "best" value of each run.
        confidence: Coverage of the intervals.

    Returns:
        One row per problem, method and number of trials: `metric`, `trials`, `expected`
        (`expected_best`), and the interval `low`, `high` of the median (`best_of_intervals`: as if
        the trials were drawn at random; NaN where the number of trials does not bound it).

    Source:
        `expected_best`; the question is that of Sivaprasad et al., Optimizer Benchmarking Needs to
        Account for Hyperparameter Tuning, ICML 2020, arXiv 1910.11758.
    """
    runs = run_values(frame, value=value)
    runs = runs[runs["role"] != "repeat"]
    tables = []
    for key, group in runs.groupby(_GROUP, observed=True, sort=True):
        metric = str(group["metric"].iloc[0])
        start = value_before_training(frame, str(key[0]), metric)
        larger = bool(group["larger"].iloc[0])
        values = _trial_values(group, start, larger=larger)
        if len(values) == 0:
            continue
        low, high = best_of_intervals(values, larger=larger, confidence=confidence)
        expected = expected_best(values, larger=larger)
        trials = np.arange(1, len(values) + 1)
        table = pd.DataFrame({"trials": trials, "expected": expected, "low": low, "high": high})
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
