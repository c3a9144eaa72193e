"""The selection of a search, from its record."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ._runs import final_values


def follow_search(frame: pd.DataFrame, runs: pd.DataFrame) -> dict[str, Any] | None:
    """Returns the setting that the search of a method on a problem selected.

    Args:
        frame: A tidy frame.
        runs: The method's rows of `run_values` on the problem, on test data.

    Returns:
        A row of `tuned_settings`; `None` if the runs belong to no search, or if none of its trials
        finished.
    """
    best = runs[runs["role"].isin(["best", "best repeat"])]
    repeats = runs[runs["role"].isin(["repeat", "best repeat"])]
    result = repeats if len(repeats) else best
    if result.empty:
        return None
    first = result.iloc[0]
    trials = runs[runs["role"] != "repeat"]
    objective = str(first["objective"])
    judged = str(first["metric"])
    measures = {"valid": "valid_loss", "valid_metric": judged.replace("test", "valid", 1)}
    metric = {**measures, "test": judged}.get(objective, objective)
    searched = str(best["setting"].iloc[0]) if len(best) else str(first["setting"])
    scores = final_values(frame, metric).reindex(best["run_id"])
    chosen_by = set(trials["seed"]) if trials["setting"].nunique() > 1 else set()
    return {
        "problem": str(first["problem"]),
        "method": str(first["method"]),
        "setting": str(first["setting"]),
        "learning_rate": float(first["learning_rate"]),
        "selected_on": "test" if objective.startswith("test") else "valid",
        "metric": metric,
        "score": float(scores.mean(skipna=False)) if len(scores) else float("nan"),
        "num_settings": max(int(first["budget"]), trials["setting"].nunique()),
        "searched_setting": searched,
        "selection_seeds": len(set(trials["seed"])),
        **fresh_seeds(set(result["seed"]), chosen_by),
    }


def fresh_seeds(seeds: set[int], chosen_by: set[int]) -> dict[str, Any]:
    """Returns which seeds of a setting do not count because they selected it.

    Args:
        seeds: The seeds that the setting was run with.
        chosen_by: The seeds whose runs were used for the selection; empty without one.

    Returns:
        `left_out`, the seeds that do not count, and `same_runs`, whether all seeds were used for
        the selection, in which case all of them count.
    """
    left_out = seeds & chosen_by
    same_runs = len(left_out) > 0 and left_out == seeds
    return {"left_out": () if same_runs else tuple(sorted(left_out)), "same_runs": same_runs}
