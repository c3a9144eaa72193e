"""The records of searches, and the runs that belong to them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import pandas as pd

from .. import SEARCH_PREFIX, CorruptRecordError, parse_search
from ..storage import Storage
from ._columns import SEARCH_COLUMNS, SEARCH_TEXTS

#: The source of a search space that the user gave, in place of the reference table's.
GIVEN_SPACE = "given by the user"
_ELEMENT = re.compile(r"\[\d+\]$")
#: Roles of a run in a search: a trial, the chosen trial, a repetition of the chosen setting, or
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
        strategy: The search strategy.
        objective: The objective: "valid", "valid_accuracy" or "test".
        budget: Largest number of trials.
        space: The search space: ranges by the hyperparameter's name.
        trials: Runs of each trial.
        best: Runs of the chosen trial; empty if none finished.
        repeats: Runs that repeat the chosen setting.
        protocol: The definition of the protocol that it followed; empty outside benchmarks.
        length: Length of the runs, as a multiple of the problem's own.
        study: Number of the study, from 0.
        hyperparameters: Hyperparameters that all runs share.
        space_source: Source of the search space, or `GIVEN_SPACE`; empty in old files.
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
    protocol: Mapping[str, Any] = field(default_factory=dict)
    length: float = 1.0
    study: int = 0
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    space_source: str = ""

    @property
    def studies(self) -> str:
        """A name shared by all studies of one method; empty if its protocol has one study."""
        if int(self.protocol.get("studies", 1)) < 2:
            return ""
        shared = (self.problem, self.optimizer, self.protocol, self.length, self.space)
        text = json.dumps([*shared, self.hyperparameters], sort_keys=True)
        return f"{self.strategy}__{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def roles(self) -> dict[str, str]:
        """The role of each run in the search, by its `run_id`."""
        roles = {run: "trial" for trial in self.trials for run in trial}
        roles |= dict.fromkeys(self.best, "best")
        for run in self.repeats:
            roles[run] = "best repeat" if roles.get(run) == "best" else "repeat"
        return roles


def read_searches(storage: Storage, files: Sequence[str]) -> tuple[Search, ...]:
    """Reads the records of searches in a results folder.

    Args:
        storage: The results folder.
        files: The JSON files in it that are not results of runs, relative to it.

    Returns:
        The searches, in the order of the files; other files are left out.
    """
    names = [file for file in files if PurePath(file).name.startswith(SEARCH_PREFIX)]
    found = zip(names, storage.read_all(names), strict=True)
    return tuple(search for file, content in found if (search := _read(content, file)) is not None)


def _read(content: bytes | OSError, file: str) -> Search | None:
    if isinstance(content, OSError):
        return None
    try:
        data = parse_search(content, file)
    except CorruptRecordError:
        return None  # its runs are still read as runs
    return Search(
        name=PurePath(file).stem.removeprefix(SEARCH_PREFIX),
        file=file,
        problem=data["problem"],
        optimizer=data["optimizer"],
        strategy=data["strategy"],
        objective=data["objective"],
        budget=data["num_trials" if "num_trials" in data else "budget"],
        space=data["space"],
        trials=tuple(tuple(trial["run_ids"]) for trial in data["trials"]),
        best=tuple(data["best"]["run_ids"]) if data["best"] else (),
        repeats=tuple(data["repeats"].values()),
        protocol=data.get("protocol", {}),
        length=float(data.get("length", 1.0)),
        study=data.get("study", 0),
        hyperparameters=data.get("hyperparameters", {}),
        space_source=data.get("space_source", ""),
    )


def with_searches(frame: pd.DataFrame, searches: Sequence[Search]) -> pd.DataFrame:
    """Adds the role of each run in a search to a tidy frame.

    A run that several searches share appears once for each; its later copies have a `run_id` with
    the name of the search.

    Args:
        frame: A tidy frame.
        searches: The searches whose runs it may contain.

    Returns:
        The frame with the columns `search` (the search's name, "" for a run outside any), `studies`
        (a name shared by the independent studies of one method, "" without several), `role`
        (one of `ROLES`), `searched` (the hyperparameters that it varied besides the learning rate,
        separated by commas), `objective` and `budget` (NaN outside searches).
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


def _values(found: tuple[Search, str] | None) -> tuple[str, str, str, str, str, float]:
    if found is None:
        return "", "", "", "", "", math.nan
    search, role = found
    # An element such as betas[0] is recorded within the whole hyperparameter, betas.
    names = {_ELEMENT.sub("", name) for name in search.space if name != "lr"}
    searched = ",".join(sorted(names))
    return search.name, search.studies, role, searched, search.objective, float(search.budget)
