"""What a search chose, and which of the runs are its trials and repetitions."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from ._columns import SEARCH_COLUMNS, SEARCH_TEXTS

PREFIX = "tuning__"
_FORMAT = "deepobs-tuning-1"
#: What a run was to a search: a trial, the trial that was chosen, a repetition of the choice, or
#: (with the objective "test") both at once.
ROLES = ("", "trial", "best", "repeat", "best repeat")


@dataclass(frozen=True, kw_only=True)
class Search:
    """The record of a search, as `tune` writes it.

    Attributes:
        name: The file's name without its ending: strategy and identity.
        file: The file, relative to the results folder.
        problem: The problem's name.
        optimizer: The optimizer's name, or its path for a user's own.
        strategy: How settings were proposed.
        objective: What was minimised or maximised: "valid", "valid_accuracy" or "test".
        budget: How many settings might be tried.
        space: What was searched: a range by the hyperparameter's name.
        trials: The runs of each trial.
        best: The runs of the trial that was chosen; empty if none finished.
        repeats: The runs that repeat the choice.
    """

    name: str
    file: str
    problem: str
    optimizer: str
    strategy: str
    objective: str
    budget: int
    space: Mapping[str, str]
    trials: tuple[tuple[str, ...], ...]
    best: tuple[str, ...]
    repeats: tuple[str, ...]

    @property
    def roles(self) -> dict[str, str]:
        """What each run was to the search, by its `run_id`."""
        roles = {run: "trial" for trial in self.trials for run in trial}
        roles |= dict.fromkeys(self.best, "best")
        for run in self.repeats:
            roles[run] = "best repeat" if roles.get(run) == "best" else "repeat"
        return roles


def read_searches(root: Path, files: Sequence[str]) -> tuple[Search, ...]:
    """Reads the records of searches in a results folder.

    Args:
        root: The results folder.
        files: The JSON files in it that are no results of runs, relative to it.

    Returns:
        The searches, in the order of the files; what is no record of a search is left out.
    """
    names = [file for file in files if PurePath(file).name.startswith(PREFIX)]
    return tuple(search for file in names if (search := _read(root / file, file)) is not None)


def _read(path: Path, file: str) -> Search | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            return None
        return Search(
            name=path.stem.removeprefix(PREFIX),
            file=file,
            problem=str(data["problem"]),
            optimizer=str(data["optimizer"]),
            strategy=str(data["strategy"]),
            objective=str(data["objective"]),
            budget=int(data.get("num_trials", data.get("budget"))),
            space={str(name): str(held) for name, held in data["space"].items()},
            trials=tuple(tuple(trial["run_ids"]) for trial in data["trials"]),
            best=tuple(data["best"]["run_ids"]) if data["best"] else (),
            repeats=tuple(data["repeats"].values()),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # damaged: its runs are read all the same, as runs


def with_searches(frame: pd.DataFrame, searches: Sequence[Search]) -> pd.DataFrame:
    """Writes into a tidy frame what each run was to a search.

    A run that several searches share appears once for each, the later times under a `run_id` that
    names the search.

    Args:
        frame: A tidy frame.
        searches: The searches whose runs it may hold.

    Returns:
        The frame with the columns `search` (the search's name, "" for a run outside any), `role`
        (one of `ROLES`), `searched` (the hyperparameters that it varied besides the learning rate,
        with commas between), `objective` and `budget` (NaN outside searches).
    """
    present = set(frame["run_id"].unique())
    first: dict[str, tuple[Search, str]] = {}
    copies = []
    for search in searches:
        roles = {run: (search, role) for run, role in search.roles.items() if run in present}
        again = {run: found for run, found in roles.items() if run in first}
        first |= {run: found for run, found in roles.items() if run not in again}
        if again:
            rows = _labelled(frame[frame["run_id"].isin(again)], again)
            copies.append(rows.assign(run_id=rows["run_id"].astype(object) + f"@{search.name}"))
    if not first:
        return frame
    labelled = _labelled(frame, first)
    if not copies:
        return labelled
    whole = pd.concat([labelled, *copies], ignore_index=True)
    texts = {str(name): pd.Categorical(whole[name]) for name in labelled.select_dtypes("category")}
    return whole.assign(**texts)


def _labelled(frame: pd.DataFrame, found: Mapping[str, tuple[Search, str]]) -> pd.DataFrame:
    ids = pd.Categorical(frame["run_id"])
    values = pd.DataFrame(
        [_values(found.get(str(run))) for run in ids.categories], columns=list(SEARCH_COLUMNS)
    )
    columns: dict[str, Any] = {
        name: pd.Categorical(values[name]).take(ids.codes) for name in SEARCH_TEXTS
    }
    budget = values["budget"].to_numpy(dtype="float64")[ids.codes]
    return frame.assign(**columns, budget=budget)


def _values(found: tuple[Search, str] | None) -> tuple[str, str, str, str, float]:
    if found is None:
        return "", "", "", "", math.nan
    search, role = found
    searched = ",".join(sorted(name for name in search.space if name != "lr"))
    return search.name, role, searched, search.objective, float(search.budget)
