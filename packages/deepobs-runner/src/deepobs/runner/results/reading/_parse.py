"""Parsing of result files: those of this package, of DeepOBS 1.1 and of DeepOBS 1.2.

The three formats become the same `dict`: the settings and measurements of a run (`RUN_COLUMNS`),
its series (`SERIES`) as float64 arrays, and its steps and seconds per epoch.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...common import canonical
from ...config import Setting, current_identity, current_names
from ._columns import COSTS, IN_COLUMNS, OWN_METRICS, SERIES
from ._fields import (
    UnreadableRecordError,
    canonical_json,
    finite,
    integer,
    number,
    numbers,
    shown,
    storable,
    text_field,
)

Run = dict[str, Any]

# Common names of the TensorFlow classes that the published runs used.
OPTIMIZER_NAMES = {
    "GradientDescentOptimizer": "SGD",
    "MomentumOptimizer": "Momentum",
    "AdamOptimizer": "Adam",
}
_LEARNING_RATE_NAMES = ("lr", "learning_rate")
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
    run = _settings(data, file)
    run |= {column: numbers(data, name) for name, column in SERIES.items()}
    # An extremely large loss means divergence; any other value so large is meaningless.
    run |= {column: _known(run[column]) for column in SERIES.values() if column not in _JUDGED}
    run |= _metrics(data)
    run["seconds"] = numbers(data, "epoch_seconds")
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


def _settings(data: dict[str, Any], file: str) -> Run:
    """Returns the settings of the run, from any of the three formats."""
    if data.get("format") == "deepobs-2":
        source = "deepobs-2"
    elif "optimizer_hyperparams" in data or "optimizer_name" in data:
        source = "deepobs-1.2"
    else:
        source = "deepobs-1.1"
    training = data.get("training_params") or {}
    if not isinstance(training, dict):
        raise UnreadableRecordError(f"training_params is {shown(training)}, expected an object")
    hyperparameters = data.get("optimizer_hyperparams", data.get("hyperparams")) or {}
    if not isinstance(hyperparameters, dict):
        raise UnreadableRecordError(f"hyperparams is {shown(hyperparameters)}, expected an object")
    rates = [hyperparameters.get(name) for name in _LEARNING_RATE_NAMES]
    rates = [data.get("learning_rate"), *rates]
    others = {k: v for k, v in hyperparameters.items() if k not in _LEARNING_RATE_NAMES}
    cost = data.get("cost") if isinstance(data.get("cost"), dict) else {}
    optimizer = _optimizer(data, file)
    status = data.get("status")
    config = data.get("config")
    given = current_names({**data, **(config if isinstance(config, dict) else {})})
    given |= {
        "lr": next((rate for rate in rates if rate is not None), None),
        "hyperparameters": others,
        "weight_decay": given.get("weight_decay", given.get("l2_reg")),
        "schedule": _schedule(given, training),
        "epochs": integer(data, "num_epochs", missing=-1),
        "seed": integer(data, "random_seed"),
    }
    return {
        "run_id": _identity(data),
        "source": source,
        "file": file,
        "problem": text_field(data, "testproblem"),
        "problem_version": integer(data, "problem_version", missing=1),
        "optimizer": optimizer,
        "optimizer_path": _optimizer_path(data, optimizer),
        "status": status if status in ("finished", "diverged") else None,
        "started": _optional_text(data.get("started")),
        **_environment(data),
        "target": finite(data.get("convergence_target"), "convergence_target"),
        "sequence_length": finite(data.get("sequence_length"), "sequence_length"),
        **{item.column: _cell(item, given.get(item.name)) for item in IN_COLUMNS},
        **{name: finite((cost or {}).get(name), name) for name in COSTS},
    }


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


def _identity(data: dict[str, Any]) -> str | None:
    """Returns the run's current identity, if the file has one."""
    recorded, config = data.get("run_id"), data.get("config")
    if not isinstance(recorded, str):
        return None
    if not isinstance(config, dict):
        return storable(recorded)
    return current_identity(config, data.get("testproblem"), storable(recorded))


def _cell(item: Setting, value: Any) -> Any:
    """Returns a setting's value for the frame: canonical numbers, NaN if unknown.

    Mappings are held as canonical JSON, since the cells of a frame must be hashable. A setting
    of the method that is missing in a file has its default, since it did not exist then.
    """
    if value is None and item.role == "method":
        value = item.default
    if item.kind == "texts":
        return value if isinstance(value, str) else storable(" | ".join(value))
    if item.kind in ("pairs", "named"):
        return value if isinstance(value, str) else canonical_json(value)
    if item.kind == "str":
        return "" if value is None else storable(str(value))
    if item.kind == "bool":
        return value is True
    if item.name in ("epochs", "seed"):
        return value
    return canonical(finite(value, item.column))


def _environment(data: dict[str, Any]) -> dict[str, str | None]:
    """Returns hardware and versions, from this package's records."""
    environment = data.get("environment")
    if not isinstance(environment, dict):
        return {"hardware": None, "versions": None}
    versions = {"deepobs": data.get("deepobs_version"), "torch": environment.get("torch")}
    words = [f"{name} {value}" for name, value in versions.items() if isinstance(value, str)]
    return {
        "hardware": _optional_text(environment.get("device")),
        "versions": _optional_text(", ".join(words)),
    }


def _optional_text(value: Any) -> str | None:
    return storable(value) if isinstance(value, str) and value else None


def _optimizer(data: dict[str, Any], file: str) -> str:
    """Returns the optimizer's name; early 1.2 files only have it in their path."""
    if "optimizer" in data or "optimizer_name" in data:
        name = text_field(data, "optimizer" if "optimizer" in data else "optimizer_name")
    elif len(parts := PurePath(file).parts) >= 3:
        name = parts[-3]
    else:
        raise UnreadableRecordError("optimizer is missing, and the file's folder does not tell it")
    return OPTIMIZER_NAMES.get(name, name)


def _optimizer_path(data: dict[str, Any], name: str) -> str:
    """Returns the optimizer's import path, from this package's records; else its name."""
    config = data.get("config")
    path = config.get("optimizer") if isinstance(config, dict) else None
    return storable(path) if isinstance(path, str) and path else name


def _schedule(data: dict[str, Any], training: dict[str, Any]) -> str:
    """Returns the learning-rate schedule as text: "constant", a name, or canonical JSON."""
    schedule = data.get("schedule")
    if isinstance(schedule, dict) and set(schedule) == {"name"}:
        schedule = schedule["name"]
    if schedule is not None:
        return storable(schedule) if isinstance(schedule, str) else canonical_json(schedule)
    epochs = data.get("lr_sched_epochs", training.get("lr_sched_epochs"))
    factors = data.get("lr_sched_factors", training.get("lr_sched_factors"))
    if not epochs:
        return "constant"
    steps = {"epochs": epochs, "factors": factors, "name": "step"}
    return canonical_json(steps)


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
