"""The command lines that repeat a run and a search."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ...config import SETTINGS, command_words
from ...protocols import protocol_words
from ...results import GIVEN_SPACE, Search

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


def search_command(search: Search, optimizer: str) -> str:
    """Returns the command that repeats a search by a protocol, with its repetitions.

    Args:
        search: The search.
        optimizer: The optimizer as `deepobs benchmark` takes it.

    Returns:
        One line for a shell; empty if the search followed no protocol that is known here.
    """
    words = protocol_words(search.protocol)
    if not words:
        return ""
    kept = {k: v for k, v in search.hyperparameters.items() if k not in search.space}
    fixed = command_words({"hyperparameters": kept})
    given = search.space.items() if search.space_source == GIVEN_SPACE else ()
    spaces = (word for name, held in given for word in ("--space", f"{name}={held}"))
    fixes = ("--fix" if word == "--set" else word for word in fixed)
    command = ["deepobs", "benchmark", optimizer, "--set", search.problem, *words, *spaces, *fixes]
    return shlex.join(command)


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
