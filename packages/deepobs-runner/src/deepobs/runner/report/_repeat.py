"""The command line that does a run again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

# How the published TensorFlow runs are called in torch.
_TORCH_OPTIMIZERS = {"Momentum": "SGD"}
_TORCH_HYPERPARAMETERS = {"use_nesterov": "nesterov", "epsilon": "eps"}


def repeat_command(run: Mapping[str, Any]) -> str:
    """Writes the command that does a run again.

    A published TensorFlow run is repeated with torch's optimizer of the same formula, and with
    `--replay`, as DeepOBS 1.1 replayed the first epoch's order.

    Args:
        run: A row of `analysis.per_run`.

    Returns:
        One line for a shell.
    """
    published = run["source"] != "deepobs-2"
    hyperparameters = json.loads(run["hyperparameters"])
    optimizer = run["optimizer"]
    if published:
        hyperparameters = _in_torch(hyperparameters)
        optimizer = _TORCH_OPTIMIZERS.get(optimizer, optimizer)
    words = ["deepobs", "run", run["problem"], optimizer, "--lr", repr(float(run["learning_rate"]))]
    for name, value in hyperparameters.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    words += ["--epochs", str(int(run["num_epochs"]))]
    if run["batch_size"] == run["batch_size"]:
        words += ["--batch-size", str(int(run["batch_size"]))]
    if run["weight_decay"] == run["weight_decay"]:
        words += ["--weight-decay", repr(float(run["weight_decay"]))]
    words += ["--seed", str(int(run["seed"]))]
    return shlex.join(words)


def _in_torch(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    names = {_TORCH_HYPERPARAMETERS.get(k, k): v for k, v in hyperparameters.items()}
    if "beta1" in names:
        names["betas"] = [names.pop("beta1"), names.pop("beta2")]
    return names
