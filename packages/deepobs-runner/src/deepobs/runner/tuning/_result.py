"""The record of a search and its trials."""

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ..common import ResultsError, explain, is_number
from ..results import SEARCH_FORMAT, Storage
from ._space import Point

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial: a setting and how its runs ended.

    Attributes:
        settings: `lr` and the searched hyperparameters.
        run_ids: The run of each seed.
        values: The objective of each run; None for one that diverged or has no record.
        value: Mean of `values`; None if one of them is None.
        status: `finished`; `diverged` or `failed` if a run did; `failed` without runs if the
            optimizer refuses the setting; `pruned` if it was stopped.
        message: Why it failed, if that was in this call or there are no runs; else None.
    """

    settings: Point
    run_ids: tuple[str, ...]
    values: tuple[float | None, ...]
    value: float | None
    status: Literal["finished", "diverged", "failed", "pruned"]
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class TuneResult:
    """The record of a search: its definition, its trials and the best setting.

    Attributes:
        study: The definition of the search: problem, optimizer, objective, space, strategy, seed
            and the settings of every run.
        num_trials: Number of settings that this call may try.
        trials: The trials of this call in order, then those that only earlier calls made.
        best: The best trial; None if none finished.
        repeats: The runs of the best setting on the whole training set, by seed.
        repeats_failed: Number of repeats without a record.
        left_out: The settings of the grid that the optimizer refuses, with the reasons. They do
            not count as trials.
        storage: The results folder.
        file: The name of this record's file in it.
    """

    study: Mapping[str, Any]
    num_trials: int
    trials: tuple[Trial, ...]
    best: Trial | None
    storage: Storage = field(compare=False, repr=False)
    file: str
    repeats: Mapping[int, str] = field(default_factory=dict)
    repeats_failed: int = 0
    left_out: tuple[Trial, ...] = ()

    @property
    def path(self) -> Path | str:
        """The file of this record, or its address in object storage."""
        return self.storage.locate(self.file)

    def to_dict(self) -> dict[str, Any]:
        """Returns the content of the file as a dictionary."""
        return {
            "format": SEARCH_FORMAT,
            **self.study,
            "num_trials": self.num_trials,
            "trials": [vars(trial) for trial in self.trials],
            "left_out": [
                {"settings": trial.settings, "message": trial.message} for trial in self.left_out
            ],
            "best": None if self.best is None else vars(self.best),
            "repeats": {str(seed): run_id for seed, run_id in self.repeats.items()},
        }

    def save(self) -> None:
        """Writes the file atomically."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        self.storage.write(self.file, text.encode())


def choose_best(trials: Sequence[Trial], *, higher_is_better: bool) -> Trial | None:
    """Returns the best finished trial, the first of several equal ones."""
    finished = [trial for trial in trials if trial.value is not None and trial.status == "finished"]
    sign = -1 if higher_is_better else 1
    return min(finished, key=lambda trial: sign * (trial.value or 0.0), default=None)


def tried_before(storage: Storage, file: str) -> list[Point]:
    """Returns the settings of the trials in a search's file; empty without a file.

    A damaged file is renamed and the search continues without it: its runs have their own records.

    Args:
        storage: The results folder.
        file: The name of the search's file in it.

    Raises:
        ResultsError: If object storage does not answer.
    """
    try:
        content = json.loads(storage.read(file).decode())
        settings: list[Point] = [dict(trial["settings"]) for trial in content["trials"]]
        if not all(one and is_number(one.get("lr", 1.0)) for one in settings):
            raise ValueError("a setting is empty, or its learning rate is not a number")
    except FileNotFoundError:
        return []
    except ResultsError:
        raise
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        aside = f"{file}.damaged"
        storage.move(file, storage, aside)
        _log.warning(
            "The search's file %s is damaged (%s); it is kept as %s, and trials that have records "
            "are not run again.",
            *(storage.locate(file), explain(error), PurePosixPath(aside).name),
        )
        return []
    return settings


def study_id(study: Mapping[str, Any]) -> str:
    """Returns the content hash of everything that defines a search."""
    text = json.dumps(study, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def finite(value: float) -> float | None:
    """Returns a number, or None if it is not finite, for strict JSON."""
    return value if math.isfinite(value) else None
