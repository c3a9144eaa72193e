"""Is one method better than another, by how much, and how sure is that?"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ._bootstrap import percentile_interval
from ._flags import group_flags
from ._runs import higher_is_better, run_values
from ._sequential import anytime_comparison
from ._tuning import tuned_runs, tuned_settings

Floats = NDArray[np.float64]
_EXACT = 12  # pairs up to which all sign patterns are enumerated (4,096)
_NUM_PERMUTATIONS = 9_999


def compare(
    frame: pd.DataFrame,
    *,
    tuned: pd.DataFrame | None = None,
    alpha: float = 0.05,
    num_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare each pair of methods on each problem at their best settings.

    Runs are paired by seed where both methods are from the same source and share at least two
    seeds, and half of the smaller number of runs: then they started alike. Between sources a seed
    means different things, and groups are compared unpaired. A diverged run counts as worse than
    any other in the tests; means, differences and their intervals are of the finished runs alone.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to compare, as `tuned_settings` returns them (its default).
        alpha: Level at which `better` names a winner and of the intervals.
        num_resamples: Number of bootstrap resamples.
        seed: Seed of bootstrap and permutations.

    Returns:
        One row per problem and pair of methods:

        - `problem`, `metric`, `method_a`, `method_b`, `mean_a`, `mean_b`;
        - `difference` (mean of a less that of b), its bootstrap interval `low`, `high`;
        - `probability` that a run of a does better than one of b (ties count half);
        - `p_value` (permutation test), `p_holm` (Holm's correction for the problem's pairs);
        - `e_value`, `p_anytime`, `anytime_low`, `anytime_high`: `anytime_comparison` of the pairs,
        valid
          while seeds are added; positive differences mean that a is larger;
        - `better`: the method that `p_holm` <= alpha is in favour of, else "";
        - `paired`, `num_pairs` (also of an unpaired comparison, in the order of seeds), `seeds`
          (the shared ones), `num_a`, `num_b`, `diverged_a`, `diverged_b`;
        - `selected_on_a`, `selected_on_b` ("valid" or "test"), `flags_a`, `flags_b`
        (`group_flags`).

    Source:
        Permutation and bootstrap: Efron and Tibshirani 1993, chapters 13 and 15. Probability of
        improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264. Holm, Scandinavian
        Journal of Statistics 6 (1979).
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    values = run_values(tuned_runs(frame, tuned))
    flags = group_flags(frame, tuned).set_index(["problem", "method"])["flags"]
    selected = tuned.set_index(["problem", "method"])["selected_on"]
    rows = []
    for problem, runs in values.groupby("problem", observed=True, sort=True):
        groups = {str(name): group for name, group in runs.groupby("method", observed=True)}
        for a, b in combinations(sorted(groups), 2):
            row = _compare_groups(groups[a], groups[b], alpha, num_resamples, seed)
            row |= {"problem": str(problem), "method_a": a, "method_b": b}
            for side, name in (("a", a), ("b", b)):
                row[f"flags_{side}"] = flags[problem, name]
                row[f"selected_on_{side}"] = selected[problem, name]
            rows.append(row)
    table = pd.DataFrame(rows, columns=_COLUMNS)
    by_problem = table.groupby("problem")["p_value"]
    table["p_holm"] = by_problem.transform(lambda p: holm(p.to_numpy(dtype=np.float64)))
    sign = table["metric"].map(lambda metric: 1 if higher_is_better(metric) else -1)
    ahead = table["probability"] > 0.5
    level = table["probability"] == 0.5
    ahead = ahead.where(~level, table["difference"] * sign > 0)
    winner = table["method_a"].where(ahead, table["method_b"])
    table["better"] = winner.where(table["p_holm"] <= alpha, "")
    return table


_COLUMNS = [
    "problem",
    "metric",
    "method_a",
    "method_b",
    "mean_a",
    "mean_b",
    "difference",
    "low",
    "high",
    "probability",
    "p_value",
    "p_holm",
    "e_value",
    "p_anytime",
    "anytime_low",
    "anytime_high",
    "better",
    "paired",
    "num_pairs",
    "seeds",
    "num_a",
    "num_b",
    "diverged_a",
    "diverged_b",
    "selected_on_a",
    "selected_on_b",
    "flags_a",
    "flags_b",
]


def _compare_groups(
    runs_a: pd.DataFrame, runs_b: pd.DataFrame, alpha: float, num_resamples: int, seed: int
) -> dict[str, Any]:
    metric = str(runs_a["metric"].iloc[0])
    by_seed = [runs.groupby("seed")["value"].agg(_mean_or_nan) for runs in (runs_a, runs_b)]
    shared = by_seed[0].index.intersection(by_seed[1].index)
    same_source = set(runs_a["source"]) == set(runs_b["source"])
    fewest = min(len(by_seed[0]), len(by_seed[1]))
    paired = same_source and len(shared) >= max(2, math.ceil(fewest / 2))
    if paired:
        by_seed = [values[shared] for values in by_seed]
    a, b = (values.to_numpy(dtype=np.float64) for values in by_seed)
    pairs = _differences(a[:fewest], b[:fewest], larger=higher_is_better(metric))
    evidence = anytime_comparison(pairs, alpha)
    low, high = _difference_interval(a, b, paired, 1 - alpha, num_resamples, seed)
    return {
        "metric": metric,
        "mean_a": float(np.nanmean(a)) if not np.isnan(a).all() else math.nan,
        "mean_b": float(np.nanmean(b)) if not np.isnan(b).all() else math.nan,
        "difference": _mean_difference(a, b, paired=paired),
        "low": low,
        "high": high,
        "probability": probability_of_improvement(a, b, larger=higher_is_better(metric)),
        "p_value": permutation_p_value(a, b, paired=paired, seed=seed),
        "e_value": evidence.e_value,
        "p_anytime": evidence.p_value,
        "anytime_low": evidence.low,
        "anytime_high": evidence.high,
        "paired": paired,
        "num_pairs": len(pairs),
        "seeds": tuple(int(s) for s in shared),
        "num_a": len(runs_a),
        "num_b": len(runs_b),
        "diverged_a": int((runs_a["status"] == "diverged").sum()),
        "diverged_b": int((runs_b["status"] == "diverged").sum()),
    }


def _mean_or_nan(values: pd.Series) -> float:
    return float(values.mean(skipna=False))


def _differences(a: Floats, b: Floats, *, larger: bool) -> Floats:
    """Return a - b, with a diverged run (NaN) infinitely worse than a finished one."""
    worst = -np.inf if larger else np.inf
    worse_a, worse_b = np.isnan(a), np.isnan(b)
    differences = np.where(worse_a, worst, np.where(worse_b, -worst, a - b))
    return np.asarray(np.where(worse_a & worse_b, 0.0, differences))


def _mean_difference(a: Floats, b: Floats, *, paired: bool) -> float:
    if paired:
        both = a - b
        return float(np.nanmean(both)) if not np.isnan(both).all() else math.nan
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    return float(a.mean() - b.mean()) if len(a) and len(b) else math.nan


def _difference_interval(
    a: Floats, b: Floats, paired: bool, confidence: float, num_resamples: int, seed: int
) -> tuple[float, float]:
    generator = np.random.default_rng(seed)

    def resampled_means(values: Floats) -> Floats:
        draws = generator.integers(len(values), size=(num_resamples, len(values)))
        return np.asarray(values[draws].mean(axis=1))

    groups = [a - b] if paired else [a, b]
    groups = [group[~np.isnan(group)] for group in groups]
    if min(len(group) for group in groups) < 2:
        return math.nan, math.nan
    means = [resampled_means(group) for group in groups]
    return percentile_interval(means[0] if paired else means[0] - means[1], confidence)


def probability_of_improvement(a: ArrayLike, b: ArrayLike, *, larger: bool = True) -> float:
    r"""Estimate how probably a run of one method does better than a run of another.

    \[ P(A > B) = \frac{1}{nm} \sum_{i,j} \bigl( [a_i > b_j] + \tfrac12 [a_i = b_j] \bigr) \]

    Args:
        a: One method's values, `[n]`; NaN is a diverged run, worse than any other.
        b: The other's, `[m]`.
        larger: Whether larger values are better.

    Returns:
        Between 0 and 1.

    Source:
        Agarwal et al., NeurIPS 2021, arXiv 2108.13264, section 4.3 (Mann and Whitney's U).
    """
    first, second = (_oriented(values, larger=larger) for values in (a, b))
    wins = (first[:, None] > second[None, :]) + 0.5 * (first[:, None] == second[None, :])
    return float(wins.mean())


def _oriented(values: ArrayLike, *, larger: bool) -> Floats:
    data = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(data), -np.inf, data if larger else -data)


def permutation_p_value(a: ArrayLike, b: ArrayLike, *, paired: bool, seed: int = 0) -> float:
    """Test whether two groups of runs differ in mean, by exchanging their labels.

    Paired: the signs of the differences are flipped, all patterns up to 12 pairs, else 9,999 random
    ones. Unpaired: 9,999 random assignments. If a run diverged (NaN), values are replaced by
    their ranks, diverged ones behind all others.

    Args:
        a: One method's values, `[n]`.
        b: The other's, `[m]`; in the order of `a` if paired.
        paired: Whether values belong together pairwise.
        seed: Seed of the random permutations.

    Returns:
        The two-sided p-value; NaN if a group has fewer than two values.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if min(len(first), len(second)) < 2:
        return math.nan
    if np.isnan(first).any() or np.isnan(second).any():
        pooled = np.concatenate([first, second])
        ranks = stats.rankdata(np.where(np.isnan(pooled), np.inf, pooled))
        first, second = ranks[: len(first)], ranks[len(first) :]
    generator = np.random.default_rng(seed)
    if paired:
        differences = first - second
        if len(differences) <= _EXACT:
            means = _sign_patterns(len(differences)) @ differences
            return float(_share_as_large(means, differences.sum()))
        signs = generator.choice([-1.0, 1.0], size=(_NUM_PERMUTATIONS, len(differences)))
        means, observed = signs @ differences, float(differences.sum())
    else:
        pooled = np.concatenate([first, second])
        centred = pooled - pooled.mean()
        shuffled = generator.permuted(np.tile(centred, (_NUM_PERMUTATIONS, 1)), axis=1)
        means, observed = shuffled[:, : len(first)].sum(axis=1), float(centred[: len(first)].sum())
    extreme = _share_as_large(means, observed) * _NUM_PERMUTATIONS
    return (1 + extreme) / (1 + _NUM_PERMUTATIONS)


@lru_cache(maxsize=_EXACT)
def _sign_patterns(num: int) -> Floats:
    bits = (np.arange(2**num)[:, None] >> np.arange(num)) & 1
    return np.asarray(2.0 * bits - 1)


def _share_as_large(means: Floats, observed: float) -> float:
    # Equal sums in another order differ by rounding; the observed pattern must count itself.
    return float((np.abs(means) >= abs(observed) * (1 - 1e-9)).mean())


def holm(p_values: Floats) -> Floats:
    """Correct p-values for their number, after Holm; NaN stays NaN.

    Args:
        p_values: `[N]`.

    Returns:
        Adjusted p-values, `[N]`.
    """
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
