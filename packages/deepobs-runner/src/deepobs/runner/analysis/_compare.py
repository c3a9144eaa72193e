"""Is one method better than another, by how much, and how sure is that?"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._flags import group_flags
from ._intervals import difference_interval, probability_of_improvement
from ._permutation import holm, permutation_test
from ._runs import higher_is_better, run_values
from ._sequential import anytime_comparison
from ._tuning import tuned_runs, tuned_settings

Floats = NDArray[np.float64]


def compare(
    frame: pd.DataFrame,
    *,
    tuned: pd.DataFrame | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare each pair of methods on each problem at their best settings.

    Runs are paired by seed where both methods are from the same source and have the very same
    seeds: then they started alike. Else all runs of both are compared unpaired, so that none is
    left out; between sources a seed means different things. Runs with the same method and seed
    count as one, their mean. A diverged run counts as worse than any other in the tests;
    means, differences and their intervals are of the finished runs alone (pairs, if paired).

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to compare, as `tuned_settings` returns them (its default).
        alpha: Level at which `better` names a winner and of the intervals.
        seed: Seed of the random permutations.

    Returns:
        One row per problem and pair of methods:

        - `problem`, `metric`, `method_a`, `method_b`, `mean_a`, `mean_b`;
        - `difference` (mean of a less that of b), its interval `low`, `high`
          (`difference_interval`);
        - `probability` that a run of a does better than one of b (ties count half);
        - `p_value` (`permutation_test`), `p_holm` (Holm's correction for the problem's pairs),
          `p_attainable` (the smallest `p_holm` that so many runs could have given);
        - `e_value`, `p_anytime`, `anytime_low`, `anytime_high`: `anytime_comparison` of the pairs,
          valid while seeds are added; positive differences mean that a is larger;
        - `favours`: the method that the permutation test's statistic is in favour of, "" at 0;
        - `better`: the same where `p_holm` <= alpha, else "";
        - `paired`, `num_pairs` (also of an unpaired comparison, in the order of seeds), `seeds`
          (those both have), `num_a`, `num_b`, `diverged_a`, `diverged_b`, `epochs_a`, `epochs_b`;
        - `selected_on_a`, `selected_on_b` ("valid" or "test"), `flags_a`, `flags_b`
          (`group_flags`).

    Source:
        Probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264. The others are
        named where they are defined.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    values = run_values(tuned_runs(frame, tuned))
    flags = group_flags(frame, tuned).set_index(["problem", "method"])["flags"]
    selected = tuned.set_index(["problem", "method"])["selected_on"]
    rows = []
    for problem, runs in values.groupby("problem", observed=True, sort=True):
        groups = {str(name): group for name, group in runs.groupby("method", observed=True)}
        for names in combinations(sorted(groups), 2):
            row = _compare_groups(groups[names[0]], groups[names[1]], alpha, seed)
            for side, name in zip("ab", names, strict=True):
                row[f"method_{side}"] = name
                row[f"flags_{side}"] = flags[problem, name]
                row[f"selected_on_{side}"] = selected[problem, name]
            sign = row.pop("statistic")
            row["favours"] = names[0] if sign > 0 else names[1] if sign < 0 else ""
            rows.append(row | {"problem": str(problem)})
    table = pd.DataFrame(rows, columns=_COLUMNS)
    for corrected, column in (("p_holm", "p_value"), ("p_attainable", "p_attainable")):
        by_problem = table.groupby("problem")[column]
        table[corrected] = by_problem.transform(lambda p: holm(p.to_numpy(dtype=np.float64)))
    table["better"] = table["favours"].where(table["p_holm"] <= alpha, "")
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
    "p_attainable",
    "e_value",
    "p_anytime",
    "anytime_low",
    "anytime_high",
    "favours",
    "better",
    "paired",
    "num_pairs",
    "seeds",
    "num_a",
    "num_b",
    "diverged_a",
    "diverged_b",
    "epochs_a",
    "epochs_b",
    "selected_on_a",
    "selected_on_b",
    "flags_a",
    "flags_b",
]


def _compare_groups(
    runs_a: pd.DataFrame, runs_b: pd.DataFrame, alpha: float, seed: int
) -> dict[str, Any]:
    metric = str(runs_a["metric"].iloc[0])
    larger = higher_is_better(metric)
    by_seed = [values_by_seed(runs) for runs in (runs_a, runs_b)]
    shared = by_seed[0].index.intersection(by_seed[1].index)
    same_source = set(runs_a["source"]) == set(runs_b["source"])
    fewest = min(len(values) for values in by_seed)
    paired = same_source and all(len(values) == len(shared) for values in by_seed)
    a, b = (values.to_numpy(dtype=np.float64) for values in by_seed)
    pairs = _differences(a[:fewest], b[:fewest], larger=larger)
    evidence = anytime_comparison(pairs, alpha)
    low, high = difference_interval(a, b, paired=paired, confidence=1 - alpha)
    test = permutation_test(a, b, paired=paired, larger=larger, seed=seed)
    return {
        "metric": metric,
        "mean_a": _mean(a),
        "mean_b": _mean(b),
        "difference": _mean(a - b) if paired else _mean(a) - _mean(b),
        "low": low,
        "high": high,
        "probability": probability_of_improvement(a, b, larger=larger),
        "statistic": test.statistic,
        "p_value": test.p_value,
        "p_attainable": test.smallest,
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
        "epochs_a": float(runs_a["num_epochs"].iloc[0]),
        "epochs_b": float(runs_b["num_epochs"].iloc[0]),
    }


def values_by_seed(runs: pd.DataFrame) -> pd.Series:
    """Average runs of the same seed, which are no independent ones.

    Args:
        runs: Rows of `run_values` of one setting.

    Returns:
        A value per seed, in the order of seeds; NaN where a run diverged.
    """
    return runs.groupby("seed")["value"].agg(lambda values: values.mean(skipna=False))


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _differences(a: Floats, b: Floats, *, larger: bool) -> Floats:
    """Return a - b, with a diverged run (NaN) infinitely worse than a finished one."""
    worst = -np.inf if larger else np.inf
    worse_a, worse_b = np.isnan(a), np.isnan(b)
    differences = np.where(worse_a, worst, np.where(worse_b, -worst, a - b))
    return np.asarray(np.where(worse_a & worse_b, 0.0, differences))
