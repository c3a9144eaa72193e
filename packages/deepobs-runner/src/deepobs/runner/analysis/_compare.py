"""Comparisons of pairs of methods: which is better, by how much, and how certain that is."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ._flags import group_flags
from ._intervals import difference_interval, probability_of_improvement, within_range
from ._meeting import Meeting, hold_tests
from ._permutation import holm
from ._samples import Sample, contests
from ._sequential import anytime_comparison
from ._tuning import tuned_settings


def compare(
    frame: pd.DataFrame,
    *,
    tuned: pd.DataFrame | None = None,
    flags: pd.DataFrame | None = None,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Compares each pair of methods on each problem at their best settings.

    Seeds that selected the setting of a method do not count if there are others (`judged_runs`).
    Runs are paired by seed if both methods are from the same source and have the same seeds, apart
    from those that one of them leaves out. Otherwise, all runs of both are compared unpaired,
    because a seed has different meanings in different sources. Runs with the same method and seed
    count as one run, their mean. In the tests, a diverged run counts as worse than any other.
    Means, differences and their intervals are computed from the finished runs only (pairs, if
    paired).

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to compare, as returned by `tuned_settings` (computed by default).
        flags: Warnings about groups of runs, as returned by `group_flags` (computed by default).
        alpha: Significance level for `better`, and one minus the coverage of the intervals.

    Returns:
        One row per problem and pair of methods:

        - `problem`, `metric`, `method_a`, `method_b`, `mean_a`, `mean_b`;
        - `difference` (mean of a less that of b), its interval `low`, `high`
          (`difference_interval`);
        - `probability` that a run of a is better than one of b (ties count half);
        - `p_value` (`permutation_test`), `p_holm` (Holm's correction for the problem's pairs),
          `p_attainable` (the smallest `p_holm` that so many runs could have given); NaN for fewer
          than five unpaired runs;
        - `e_value`, `p_anytime`, `anytime_low`, `anytime_high`: `anytime_comparison` of the pairs,
          valid while seeds are added, in the order in which the later run of each pair started;
          positive differences mean that a is larger;
        - `favours`: the method that the permutation test's statistic is in favor of, "" at 0;
        - `better`: the same where `p_holm` <= alpha, else "";
        - `paired`, `num_pairs` (also of an unpaired comparison), `seeds` (those both have),
          `num_a`, `num_b`, `diverged_a`, `diverged_b`, `epochs_a`, `epochs_b`, `left_out_a`,
          `left_out_b` (seeds that chose the setting), `same_runs_a`, `same_runs_b` (whether all
          seeds did);
        - `selected_on_a`, `selected_on_b` ("valid" or "test"), `flags_a`, `flags_b`
          (`group_flags`).

    Source:
        Probability of improvement: Agarwal et al., NeurIPS 2021, arXiv 2108.13264. The others are
        named where they are defined.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    flags = group_flags(frame, tuned) if flags is None else flags
    flagged, selected = (
        {(row["problem"], row["method"]): row[column] for row in table.to_dict("records")}
        for table, column in ((flags, "flags"), (tuned, "selected_on"))
    )
    meetings = [
        Meeting(contest, *names)
        for contest in contests(frame, tuned)
        for names in combinations(sorted(contest.samples), 2)
    ]
    hold_tests(meetings)
    rows = []
    for meeting in meetings:
        row = _row(meeting, alpha)
        for side, name in (("a", meeting.first), ("b", meeting.second)):
            row[f"flags_{side}"] = flagged[meeting.contest.problem, name]
            row[f"selected_on_{side}"] = selected[meeting.contest.problem, name]
        rows.append(row)
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
    "left_out_a",
    "left_out_b",
    "same_runs_a",
    "same_runs_b",
    "selected_on_a",
    "selected_on_b",
    "flags_a",
    "flags_b",
]


def _row(meeting: Meeting, alpha: float) -> dict[str, Any]:
    contest, pairs, test = meeting.contest, meeting.pairs, meeting.test
    metric, larger = contest.metric, contest.larger
    a, b = contest.samples[meeting.first], contest.samples[meeting.second]
    differences = pairs.differences(larger=larger)
    evidence = anytime_comparison(differences, alpha)
    ends = difference_interval(pairs.a, pairs.b, paired=pairs.paired, confidence=1 - alpha)
    low, high = within_range(ends, metric, least=-1.0)
    shared = np.intersect1d(a.seeds, b.seeds)
    favoured = {1: meeting.first, -1: meeting.second}
    return {
        **_side("a", a),
        **_side("b", b),
        "problem": contest.problem,
        "metric": metric,
        "difference": meeting.difference,
        "low": low,
        "high": high,
        "probability": probability_of_improvement(pairs.a, pairs.b, larger=larger),
        "p_value": test.p_value,
        "p_attainable": test.smallest,
        "favours": favoured.get(int(np.nan_to_num(np.sign(test.statistic))), ""),
        "e_value": evidence.e_value,
        "p_anytime": evidence.p_value,
        "anytime_low": evidence.low,
        "anytime_high": evidence.high,
        "paired": pairs.paired,
        "num_pairs": len(differences),
        "seeds": tuple(shared.tolist()),
    }


def _side(side: str, sample: Sample) -> dict[str, Any]:
    """Returns what the table says of one of the two methods."""
    values = {
        "method": sample.method,
        "mean": sample.mean,
        "num": len(sample.values),
        "diverged": sample.num_diverged,
        "epochs": sample.epochs,
        "left_out": sample.left_out,
        "same_runs": sample.same_runs,
    }
    return {f"{name}_{side}": value for name, value in values.items()}
