"""Parsing of result files: those of this package, of DeepOBS 1.1 and of DeepOBS 1.2.

The three formats become the same `dict`: the settings and measurements of a run (`RUN_COLUMNS`),
its series (`SERIES`) as float64 arrays, and its steps, seconds and passes per epoch.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._columns import OWN_METRICS, SERIES
from ._fields import (
    UnreadableRecordError,
    number,
    numbers,
    shown,
)
from ._settings import Run, settings_of

_JUDGED = ("train_loss", "test_loss")  # a run whose values of these are not finite has diverged
_FIELDS = tuple(SERIES.values())
_MINIBATCHES = b'"minibatch_train_losses"'


def parse_record(content: bytes, file: str) -> Run | None:
    """Parses the content of one result file.

    The mini-batch losses, nearly all of a file's bytes, are skipped without being parsed.

    Args:
        content: The file's bytes.
        file: The file's path relative to the results folder, with forward slashes.

    Returns:
        The run, or `None` if the file is not the result of a run.

    Raises:
        UnreadableRecordError: If it is a result file but damaged.
    """
    light, num_logged = _cut_minibatches(content)
    try:
        try:
            data = json.loads(light)
        except ValueError:
            data = json.loads(content)  # the cut failed, or the file is damaged
    except (ValueError, RecursionError) as error:
        if _looks_like_record(content, file):
            raise UnreadableRecordError(f"not valid JSON ({error})") from error
        return None
    if not isinstance(data, dict) or not ("testproblem" in data and _has_series(data)):
        return None
    run = settings_of(data, file)
    run |= {column: numbers(data, name) for name, column in SERIES.items()}
    # An extremely large loss means divergence; any other value so large is meaningless.
    run |= {column: _known(run[column]) for column in SERIES.values() if column not in _JUDGED}
    run |= _metrics(data)
    run["seconds"] = numbers(data, "epoch_seconds")
    run["passes"] = numbers(data, "passes")
    if run["source"] == "deepobs-1.2":
        _drop_padding(run)
    num_values = max(len(run[column]) for column in SERIES.values())
    if num_values == 0:
        raise UnreadableRecordError(f"none of {', '.join(SERIES)} holds a value")
    if run["num_epochs"] < 0:
        run["num_epochs"] = num_values - 1
    per_epoch = _steps_per_epoch(data, num_logged, run["num_epochs"])
    run["steps"] = np.empty(0) if math.isnan(per_epoch) else np.full(num_values - 1, per_epoch)
    if not _all_finite(run):
        run["status"] = "diverged"
    elif run["status"] is None:
        run["status"] = "finished"
    if run["run_id"] is None:
        run["run_id"] = identify(run, file)
    return run


def _cut_minibatches(content: bytes) -> tuple[bytes, int]:
    """Empties the list of mini-batch losses; returns the rest and the list's length.

    A quote inside a JSON string is escaped, so the quoted name can only be a key.
    """
    key = content.find(_MINIBATCHES)
    start = content.find(b"[", key)
    end = content.find(b"]", start)
    if key < 0 or start < 0 or end < 0:
        return content, 0
    if content[key + len(_MINIBATCHES) : start].strip() != b":":
        return content, 0
    empty = not content[start + 1 : end].strip()
    num_values = 0 if empty else content.count(b",", start, end) + 1
    return content[: start + 1] + content[end:], num_values


def _looks_like_record(content: bytes, file: str) -> bool:
    return (
        PurePath(file).name.startswith("random_seed__")
        or b'"testproblem"' in content
        or b'"train_losses"' in content
    )


def _has_series(data: dict[str, Any]) -> bool:
    # 1.1 and ours call it optimizer, 1.2 optimizer_name
    names = ("optimizer", "optimizer_name", "optimizer_hyperparams", "hyperparams", *SERIES)
    return any(name in data for name in names)


def _metrics(data: dict[str, Any]) -> Run:
    """Returns which metric is the primary one, directions, and series without fields of their own.

    Loss and accuracy have fields of their own, and directions that everybody knows.
    """
    metrics = data.get("metrics") or {}
    primary = data.get("primary_metric")
    named = isinstance(metrics, dict) and all(map(str.isidentifier, metrics))
    if not named or not all(isinstance(entry, dict) for entry in metrics.values()):
        raise UnreadableRecordError(f"metrics is {shown(metrics)}, expected an object by names")
    if primary is not None and not (isinstance(primary, str) and primary.isidentifier()):
        raise UnreadableRecordError(f"primary_metric is {shown(primary)}, expected a name")
    own = {name: metrics[name] for name in metrics if name not in ("loss", "accuracy")}
    series = {
        f"{phase}_{name}": _known(numbers(entry, phase))
        for name, entry in own.items()
        for phase in ("train", "test", "valid")
        if phase in entry
    }
    larger = [name for name, entry in own.items() if entry.get("higher_is_better") is True]
    return {
        "primary_metric": primary or "",
        "maximized": ",".join(sorted(larger)),
        OWN_METRICS: [(name, values) for name, values in series.items() if name not in _FIELDS],
    }


def _known(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _drop_padding(run: Run) -> None:
    """Removes the copies of the first value with which DeepOBS 1.2 pads an aborted run."""
    losses = [run[name] for name in ("train_loss", "test_loss") if len(run[name]) > 1]
    if not losses:
        return
    repeats = min(_trailing_copies(loss) for loss in losses)
    if repeats == 0:
        return
    run["status"] = "diverged"
    for column in SERIES.values():
        if len(run[column]):
            run[column] = run[column][: len(run[column]) - repeats]


def _trailing_copies(values: NDArray[np.float64]) -> int:
    differs = np.flatnonzero(values != values[0])
    return len(values) - 1 - (int(differs[-1]) if len(differs) else 0)


def _steps_per_epoch(data: dict[str, Any], num_logged: int, num_epochs: int) -> float:
    """Returns the recorded steps, or counts mini-batch losses if each step's was recorded."""
    if data.get("num_steps") is not None:
        return number(data["num_steps"], "num_steps")
    if data.get("train_log_interval") != 1 or min(num_logged, num_epochs) == 0:
        return math.nan
    return math.nan if num_logged % num_epochs else num_logged / num_epochs


def _all_finite(run: Run) -> bool:
    return all(bool(np.isfinite(run[name]).all()) for name in _JUDGED)


def identify(run: Run, file: str) -> str:
    """Names a run without an identity after its settings and its file's (dated) name."""
    names = ("source", "problem", "optimizer", "hyperparameters", "schedule", "seed")
    settings = [str(run[name]) for name in names]
    numbers = [repr(run[name]) for name in ("learning_rate", "weight_decay", "batch_size")]
    identity = "\n".join([*settings, *numbers, PurePath(file).name])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
