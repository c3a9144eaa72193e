"""The settings of a recorded run, from any of the three formats."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ...common import canonical
from ...config import Setting, current_identity, current_names
from ._columns import COSTS, IN_COLUMNS
from ._fields import (
    UnreadableRecordError,
    canonical_json,
    finite,
    integer,
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


def settings_of(data: dict[str, Any], file: str) -> Run:
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
    version = integer(data, "problem_version", missing=1)
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
        "problem": versioned(text_field(data, "testproblem"), version),
        "problem_version": version,
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


def versioned(name: str, version: int) -> str:
    """Returns the name of a problem in frames, where each version is a problem of its own.

    Results of a corrected problem are never compared with those of the one before.

    Args:
        name: The problem's name.
        version: Its version; the first has no suffix.
    """
    return name if version == 1 else f"{name}-v{version}"


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
    """Returns hardware (the GPU, else the processor) and versions, from this package's records."""
    environment = data.get("environment")
    if not isinstance(environment, dict):
        return {"hardware": None, "versions": None}
    versions = {"deepobs": data.get("deepobs_version"), "torch": environment.get("torch")}
    words = [f"{name} {value}" for name, value in versions.items() if isinstance(value, str)]
    device, processor = environment.get("device"), environment.get("cpu")
    return {
        "hardware": _optional_text(processor if device == "cpu" and processor else device),
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
