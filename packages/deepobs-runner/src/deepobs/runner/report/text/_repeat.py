"""The command line that does a run again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

# What TensorFlow's optimizers and their hyperparameters are called in torch.
_TORCH_OPTIMIZERS = {"Momentum": "SGD"}
_TORCH_HYPERPARAMETERS = {"use_nesterov": "nesterov", "epsilon": "eps"}
_PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


def repeat_command(run: Mapping[str, Any]) -> str:
    """Writes the command that does a run again.

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
    words = ["deepobs", "run", run["problem"], optimizer, "--lr", repr(float(run["learning_rate"]))]
    for name, value in hyperparameters.items():
        words += ["--set", f"{name}={_literal(value)}"]
    words += ["--epochs", str(int(run["num_epochs"]))]
    if run["batch_size"] == run["batch_size"]:
        words += ["--batch-size", str(int(run["batch_size"]))]
    if run["weight_decay"] == run["weight_decay"]:
        words += ["--weight-decay", repr(float(run["weight_decay"]))]
    if run["validation"] == run["validation"] and run["validation"] > 0:
        words += ["--validation", repr(float(run["validation"]))]
    words += [*_schedule(run["schedule"]), *_variant(run["variant"])]
    words += ["--seed", str(int(run["seed"]))] + ["--replay"] * tensorflow
    return shlex.join(words)


def _in_torch(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    names = {_TORCH_HYPERPARAMETERS.get(k, k): v for k, v in hyperparameters.items()}
    if {"beta1", "beta2"} <= set(names):
        names["betas"] = (names.pop("beta1"), names.pop("beta2"))
    return names


def _literal(value: Any) -> str:
    """A value as `--set` reads it: a Python literal, or the text itself."""
    return value if isinstance(value, str) else repr(value)


def _schedule(text: str) -> Iterator[str]:
    if text == "constant":
        return
    try:
        schedule = json.loads(text)
    except ValueError:
        schedule = {"name": text}
    if not isinstance(schedule, dict) or "name" not in schedule:
        schedule = {"name": text}
    name = str(schedule.pop("name"))
    yield from ("--schedule", name)
    for argument, value in schedule.items():
        yield from ("--set-schedule", f"{argument}={_literal(value)}")


def _variant(text: str) -> Iterator[str]:
    """The rest, which the frame keeps in words such as "bf16 accumulate=2 replay"."""
    for word in text.split():
        name, _, value = word.partition("=")
        if name in _PRECISIONS:
            yield from ("--precision", name)
        else:
            yield f"--{name.replace('_', '-')}"
            if value:
                yield value
