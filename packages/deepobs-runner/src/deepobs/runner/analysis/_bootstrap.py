"""Interquartile means and bootstrap intervals, stratified by problem as rliable does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> tuple[float, float]:
    r"""Returns Student's interval of the mean of a few runs.

    \[ \bar x \pm t_{n-1,\,1-\alpha/2} \, s / \sqrt n \] with the sample standard deviation s. It is
    not a bootstrap interval: with few runs, percentile intervals are far too short.

    Args:
        values: One value per run, `[N]`; NaN is left out.
        confidence: Coverage of the interval, exact for normal values.

    Returns:
        Lower and upper end; NaN, NaN with fewer than two values.

    Source:
        Student, The probable error of a mean, Biometrika 6 (1908).
    """
    data = np.asarray(values, dtype=np.float64)
    data = data[~np.isnan(data)]
    if len(data) < 2:
        return math.nan, math.nan
    quantile = stats.t.ppf((1 + confidence) / 2, len(data) - 1)
    half = float(quantile * data.std(ddof=1) / math.sqrt(len(data)))
    mean = float(data.mean())
    return mean - half, mean + half


def percentile_interval(estimates: Floats, confidence: float) -> tuple[float, float]:
    """Returns the central interval that contains a share `confidence` of the bootstrap estimates.

    Args:
        estimates: Bootstrap estimates, `[num_resamples]`.
        confidence: Between 0 and 1.

    Returns:
        Lower and upper end.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(estimates, [tail, 1 - tail])
    return float(low), float(high)


def interquartile_mean(
    values: ArrayLike, axis: int | None = None, weights: ArrayLike | None = None
) -> Any:
    r"""Returns the mean of the middle half of all values, the 25 % trimmed mean.

    More robust than the mean, less wasteful than the median. As rliable (scipy) does, the number of
    values cut at each end is rounded down: of N equal weights, the share
    \( \lfloor N/4 \rfloor / N \). Of unequal ones the same share of the total weight is cut, so a
    value at the edge may count in part.

    Args:
        values: Scores of any shape, such as `[num_runs, num_problems]`.
        axis: The axis to average along; by default all scores are pooled.
        weights: Weight of each score along the axis, `[N]`; equal by default.

    Returns:
        The mean of the values between the quartiles: a number, or an array without `axis`.

    Source:
        Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice,
        NeurIPS 2021, arXiv 2108.13264, section 4.3. The weights are our addition.
    """
    data = np.asarray(values, dtype=np.float64)
    if weights is None:
        return stats.trim_mean(data, 0.25, axis=axis)
    data = np.moveaxis(data, axis, -1) if axis is not None else data.ravel()
    order = np.argsort(data, axis=-1)
    share = np.asarray(weights, dtype=np.float64)[order] / np.sum(weights)
    upto = np.cumsum(share, axis=-1)
    cut = (data.shape[-1] // 4) / data.shape[-1]
    kept = np.minimum(upto, 1 - cut) - np.maximum(upto - share, cut)
    kept = np.where(kept > 1e-12, kept, 0.0)  # sums of shares are off by rounding
    return np.sum(kept * np.take_along_axis(data, order, axis=-1), axis=-1) / kept.sum(axis=-1)


def stratified_bootstrap(
    scores: Mapping[str, ArrayLike] | Sequence[ArrayLike],
    statistic: Callable[..., Any] = interquartile_mean,
    *,
    confidence: float = 0.95,
    num_resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Bootstraps a statistic over problems, resampling the runs within each problem.

    Problems are strata: each resample contains every problem with its number of runs, drawn with
    replacement. All problems have the same weight, regardless of their number of runs.

    Args:
        scores: The runs' scores for each problem, `[num_runs]` each; numbers of runs may differ.
        statistic: Function of an array of scores that takes an `axis` and `weights` along it, as
            `numpy.average` does.
        confidence: Coverage of the interval.
        num_resamples: Number of bootstrap resamples.
        seed: Seed of the resampling.

    Returns:
        The statistic of the scores, and the lower and upper end of its percentile interval.

    Raises:
        ValueError: If a problem has no scores.

    Source:
        Agarwal et al., NeurIPS 2021, arXiv 2108.13264, section 4.1.
    """
    groups = scores.values() if isinstance(scores, Mapping) else scores
    strata = [np.asarray(group, dtype=np.float64) for group in groups]
    if not strata or any(len(group) == 0 for group in strata):
        raise ValueError("every problem needs at least one score")
    generator = np.random.default_rng(seed)
    draws = [
        group[generator.integers(len(group), size=(num_resamples, len(group)))] for group in strata
    ]
    counts = [len(group) for group in strata]
    # Without weights, rliable's very computation: of equal counts both would be the same.
    weights = None if len(set(counts)) == 1 else np.repeat(np.divide(1.0, counts), counts)
    estimates = statistic(np.concatenate(draws, axis=1), axis=1, weights=weights)
    low, high = percentile_interval(estimates, confidence)
    return float(statistic(np.concatenate(strata), axis=0, weights=weights)), low, high
