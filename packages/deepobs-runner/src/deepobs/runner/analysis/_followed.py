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
    scores = final_values(frame, metric).reindex(best["run_id"])
    row = {
        "problem": str(first["problem"]),
        "method": str(first["method"]),
        "setting": str(first["setting"]),
        "learning_rate": float(first["learning_rate"]),
        "selected_on": "test" if objective.startswith("test") else "valid",
        "metric": metric,
        "score": float(scores.mean(skipna=False)) if len(scores) else float("nan"),
        "num_settings": max(int(first["budget"]), trials["setting"].nunique()),
        "selection_seeds": len(set(trials["seed"])),
    }
    if first["studies"]:
        return row | _several_studies(first, best)
    chosen_by = set(trials["seed"]) if trials["setting"].nunique() > 1 else set()
    searched = str(best["setting"].iloc[0]) if len(best) else row["setting"]
    return row | {"searched_setting": searched, **fresh_seeds(set(result["seed"]), chosen_by)}


def _several_studies(first: pd.Series, best: pd.DataFrame) -> dict[str, Any]:
    """Returns what differs where several studies chose a setting each.

    A study stands for "tuned with this budget". Its trial was chosen on validation data and is
    judged on test data, so studies are independent draws, and no seed is left out. A single study
    is none to generalise from.
    """
    return {
        "learning_rate": float("nan"),
        "num_settings": int(first["budget"]),
        "searched_setting": "",
        "left_out": (),
        "same_runs": len(best) < 2,
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
