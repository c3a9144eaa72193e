"""The command line that repeats a run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ...config import SETTINGS, command_words

# torch's names of TensorFlow's optimizers and their hyperparameters.
_TORCH_OPTIMIZERS = {"Momentum": "SGD"}
_TORCH_HYPERPARAMETERS = {"use_nesterov": "nesterov", "epsilon": "eps"}


def repeat_command(run: Mapping[str, Any]) -> str:
    """Returns the command that repeats a run.

    A published TensorFlow run is repeated with torch's optimizer of the same formula, and with
    `--replay`, as DeepOBS 1.1 replayed the first epoch's order.

    Args:
        run: A row of `analysis.per_run`.

    Returns:
        One line for a shell.
    """
    optimizer, hyperparameters = run["optimizer_path"], json.loads(run["hyperparameters"])
    tensorflow = run["source"] in ("baseline", "deepobs-1.1")
    if tensorflow:
        hyperparameters = _in_torch(hyperparameters)
        optimizer = _TORCH_OPTIMIZERS.get(optimizer, optimizer)
    settings = {item.name: run.get(item.column) for item in SETTINGS}
    settings["hyperparameters"] = hyperparameters
    settings["schedule"] = _schedule(run["schedule"])
    settings["averaging"] = _schedule(run.get("averaging", "none"))
    settings["groups"] = [text for text in run.get("groups", "").split(" | ") if text]
    settings["replay"] = settings["replay"] or tensorflow
    problem = run["problem"].removesuffix(f"-v{run.get('problem_version', 1)}")
    words = ["deepobs", "run", problem, optimizer, *command_words(settings)]
    return shlex.join(words)


def _in_torch(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    names = {_TORCH_HYPERPARAMETERS.get(k, k): v for k, v in hyperparameters.items()}
    if {"beta1", "beta2"} <= set(names):
        names["betas"] = (names.pop("beta1"), names.pop("beta2"))
    return names


def _schedule(text: str) -> str | dict[str, Any]:
    """Returns the schedule in a cell of the frame: a name or a mapping."""
    try:
        schedule = json.loads(text)
    except ValueError:
        return text
    return schedule if isinstance(schedule, dict) and "name" in schedule else text
