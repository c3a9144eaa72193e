"""Selection of each method's best setting, and summaries of its results."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any, Literal, get_args

import pandas as pd

from ._bootstrap import mean_interval
from ._followed import follow_search, fresh_seeds
from ._intervals import within_range
from ._metrics import check_choice, higher_is_better, improves, metric_columns
from ._runs import Value, per_run, run_values, value_before_training, with_methods
from ._settings import STUDIES_CHOICE, all_but_rate, same_rate

SelectOn = Literal["auto", "valid", "test"]
_GROUP = ["problem", "method"]


def tuned_settings(
    frame: pd.DataFrame, *, select_on: SelectOn = "auto", value: Value = "final"
) -> pd.DataFrame:
    r"""Selects the best setting of each method on each problem.

    The score of a setting is the mean of the final (or best) value over the seeds *that all
    settings of the method share*. Otherwise, settings that were repeated with more seeds would be
    compared on different random draws. If no seed is shared, all runs are used. A setting with a
    diverged run is worse than any setting without.

    If the runs belong to a search, its selection is used: the repetitions are the result of the
    method. If there are several independent studies, as in AlgoPerf's protocol, the runs that they
    selected are together the result of the method.

    Args:
        frame: A tidy frame.
        select_on: "valid", "test", or "auto": on validation data if all settings of the method have
            it, otherwise on test data.
        value: Whether to use the "final" or the "best" value of each run.

    Returns:
        One row per problem and method: `problem`, `method`, `setting`, `learning_rate` (NaN if
        several studies selected one each), `selected_on` ("valid" or "test"; results selected on
        test data are optimistic), `metric` (what was compared), `score`, `num_settings` (a search's
        budget), `searched_setting` (the trial that was chosen; `setting` itself outside searches,
        "" if there are several studies), `selection_seeds` (how many seeds
        the choice rests on), `left_out` (the seeds that made the choice and do not count in tests
        and intervals, because there are others), `same_runs` (whether there are no others: chosen
        and judged on the same runs).

    Raises:
        UsageError: If `select_on` or `value` is invalid.

    Source:
        DeepOBS selects by the final test value of seed 42 (Schneider et al., ICLR 2019, section
        3.3); for the published baselines, this function returns the published selection.
    """
    check_choice("select_on", select_on, get_args(SelectOn))
    tables = {"test": run_values(frame, value=value, phase="test")}
    if select_on != "test":
        tables["valid"] = run_values(frame, value=value, phase="valid")
    rows = []
    for key, test_runs in tables["test"].groupby(_GROUP, observed=True, sort=True):
        if (chosen := follow_search(frame, test_runs)) is not None:
            rows.append(chosen)
            continue
        runs, phase = test_runs, "test"
        if select_on != "test":
            valid = tables["valid"]
            valid = valid[(valid["problem"] == key[0]) & (valid["method"] == key[1])]
            if select_on == "valid" or set(valid["setting"]) == set(test_runs["setting"]):
                runs, phase = valid, "valid"
        if len(runs):
            row = _best_setting(runs) | {"selected_on": phase}
            seeds = set(test_runs.loc[test_runs["setting"] == row["setting"], "seed"])
            rows.append(row | fresh_seeds(seeds, row.pop("chosen_by")))
    return pd.DataFrame(rows, columns=_TUNED_COLUMNS)


_TUNED_COLUMNS = [
    *_GROUP,
    "setting",
    "learning_rate",
    "selected_on",
    "metric",
    "score",
    "num_settings",
    "searched_setting",
    "selection_seeds",
    "left_out",
    "same_runs",
]


def _best_setting(runs: pd.DataFrame) -> dict[str, Any]:
    """Returns the row of `tuned_settings` for one method's runs on one problem."""
    seeds = runs.groupby("setting")["seed"].agg(set)
    shared = set.intersection(*seeds)
    counted = runs[runs["seed"].isin(shared)] if shared else runs
    metric = str(runs["metric"].iloc[0])
    sign = 1.0 if runs["larger"].iloc[0] else -1.0
    means = sign * counted.groupby("setting", sort=False)["value"].mean()
    failed = counted["value"].isna().groupby(counted["setting"], sort=False).any()
    scores = means.mask(failed, -math.inf)
    best = str(scores.idxmax())
    chosen = runs[runs["setting"] == best].iloc[0]
    chosen_by = set(counted["seed"]) if len(scores) > 1 else set()
    return {
        "problem": str(chosen["problem"]),
        "method": str(chosen["method"]),
        "setting": best,
        "searched_setting": best,
        "learning_rate": float(chosen["learning_rate"]),
        "metric": metric,
        "score": sign * float(scores[best]) if math.isfinite(scores[best]) else math.nan,
        "num_settings": len(scores),
        "selection_seeds": len(shared),
        "chosen_by": chosen_by,
    }


def grid_edges(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.Series:
    """Finds chosen learning rates at the edge of those tried.

    Only rates of settings that differ from the chosen one in the learning rate alone are compared.
    No edge is reported if the chosen setting is not better than no training.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The choice, as returned by `tuned_settings` (computed by default).

    Returns:
        "low", "high" or "" by problem and method; "" if there is a single rate.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    runs = per_run(frame)
    runs = runs[runs["role"] != "repeat"]
    settings = runs.drop_duplicates([*_GROUP, "setting"])
    columns = [settings[name].astype(object) for name in _GROUP]
    rates = same_rate(settings["learning_rate"])
    groups = rates.groupby([*columns, settings["setting"].map(all_but_rate)])
    lowest, highest = groups.min().to_dict(), groups.max().to_dict()
    edges = {}
    before = cache(partial(value_before_training, frame))
    for choice in tuned.to_dict("records"):
        problem, method, metric = (str(choice[name]) for name in (*_GROUP, "metric"))
        rate = same_rate(pd.Series([choice["learning_rate"]])).iloc[0]
        key = (problem, method, all_but_rate(choice["searched_setting"]))
        # Of a search the records of its trials may be missing.
        low, high = lowest.get(key, rate), highest.get(key, rate)
        start = before(problem, metric)
        larger = higher_is_better(frame, problem, metric)
        learned = low < high and improves(choice["score"], start, larger=larger)
        edge = "low" if rate == low else "high" if rate == high else ""
        edges[problem, method] = edge if learned else ""
    index = pd.MultiIndex.from_tuples(edges, names=_GROUP) if edges else None
    return pd.Series(list(edges.values()), index=index, dtype=object, name="grid_edge")


def tuned_runs(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.DataFrame:
    """Returns the runs of each method's best setting.

    Args:
        frame: A tidy frame.
        tuned: The settings to keep, as returned by `tuned_settings` (computed by default).

    Returns:
        The rows of these runs, with the additional columns `method`, `setting` and `selected_on`.
    """
    labelled = with_methods(frame)
    tuned = tuned_settings(frame) if tuned is None else tuned
    choice = tuned.set_index([*_GROUP, "setting"])["selected_on"]
    keys = [labelled[name].astype(object) for name in (*_GROUP, "setting")]
    chosen = choice.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
    labelled["selected_on"] = pd.Categorical(chosen, categories=["valid", "test"])
    return labelled[labelled["selected_on"].notna()]


def judged_runs(frame: pd.DataFrame, tuned: pd.DataFrame | None = None) -> pd.DataFrame:
    """Returns the runs that comparisons use: tuned runs whose seed did not select the setting.

    The best of many settings is best partly by luck, and the seeds that selected it share that
    luck. Tests and intervals that include them find differences where there are none.

    Args:
        frame: A tidy frame.
        tuned: The settings to keep, as returned by `tuned_settings` (computed by default).

    Returns:
        The rows of `tuned_runs` without the seeds that are `left_out`.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    runs = tuned_runs(frame, tuned)
    keys = [tuned[name].astype(object) for name in _GROUP]
    dropped = {
        key
        for *group, seeds in zip(*keys, tuned["left_out"], strict=True)
        for key in ((*group, seed) for seed in seeds)
    }
    columns = [runs[name].astype(object) for name in (*_GROUP, "seed")]
    return runs[~pd.MultiIndex.from_arrays(columns).isin(list(dropped))] if dropped else runs


def summary_table(
    frame: pd.DataFrame,
    *,
    tuned: pd.DataFrame | None = None,
    epochs: tuple[int, ...] = (1, 5),
) -> pd.DataFrame:
    """Summarizes the results of each method at its best setting on each problem.

    Args:
        frame: A tidy frame.
        tuned: The settings to report, as returned by `tuned_settings` (computed by default).
        epochs: Epochs after which the mean of the metric is also returned.

    Returns:
        One row per problem, method and metric on test data (`test_loss`, and `test_accuracy` and
        others where there are any): `learning_rate` (NaN if several studies chose one each),
        `selected_on`, `num_epochs`, `batch_size`,
        `num_runs`, `num_diverged`, `num_counted` (runs whose seed did not choose the setting:
        `judged_runs`);
        over the finished runs `mean`, sample standard deviation `std` and `median` of the final
        value, Student's 95 % interval of the mean (`low`, `high`, of the runs that count, for
        accuracies cut at 0 and 1), `best_mean` and `best_std` of the best, and `epoch_<n>_mean`,
        `epoch_<n>_std` after those epochs.
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    runs = tuned_runs(frame, tuned)
    counted = set(judged_runs(frame, tuned)["run_id"])
    selected_on = tuned.set_index(_GROUP)["selected_on"].to_dict()
    rows = []
    for metric in [n for n in metric_columns(frame) if n.startswith("test_")]:
        if metric == "test_regularizer":
            continue
        others = {"best": run_values(runs, metric, "best").assign(**{metric: lambda t: t["value"]})}
        others |= {f"epoch_{epoch}": runs[runs["epoch"] == epoch] for epoch in epochs}
        spreads = {
            f"{name}_{how}": table.groupby(_GROUP, observed=True)[metric].agg(how).to_dict()
            for name, table in others.items()
            for how in ("mean", "std")
        }
        for key, group in run_values(runs, metric).groupby(_GROUP, observed=True, sort=True):
            row = _row(group, counted) | {"metric": metric, "selected_on": selected_on[key]}
            rows.append(row | {name: of.get(key, math.nan) for name, of in spreads.items()})
    return (
        pd.DataFrame(rows).sort_values(_GROUP, kind="stable", ignore_index=True)
        if rows
        else (pd.DataFrame(columns=[*_GROUP, "metric"]))
    )


def _row(final: pd.DataFrame, counted: set[str]) -> dict[str, Any]:
    first = final.iloc[0]
    several = first["setting"] == STUDIES_CHOICE
    values = final["value"].dropna()
    judged = final.loc[final["run_id"].isin(counted), "value"]
    low, high = within_range(mean_interval(judged.to_numpy()), str(first["metric"]))
    return {
        "problem": str(first["problem"]),
        "method": str(first["method"]),
        "source": str(first["source"]),
        "learning_rate": math.nan if several else float(first["learning_rate"]),
        "batch_size": float(first["batch_size"]),
        "num_epochs": int(first["num_epochs"]),
        "num_runs": len(final),
        "num_diverged": int((final["status"] == "diverged").sum()),
        "num_counted": int(final["run_id"].isin(counted).sum()),
        "mean": values.mean(),
        "std": values.std(),
        "median": values.median(),
        "low": low,
        "high": high,
    }
