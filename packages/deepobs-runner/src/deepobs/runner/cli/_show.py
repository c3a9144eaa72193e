"""`deepobs show NAME`: the details of one problem or optimizer."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..common import UsageError
from ._options import data_root_option

if TYPE_CHECKING:
    from deepobs.problems import Problem

    from ..optimizers import FoundOptimizer


@click.command("show")
@click.argument("name")
@click.option(
    "--measure",
    is_flag=True,
    help="Measure a training step of a problem on this machine: operations, memory, time.",
)
@click.option("--batch-size", type=int, help="Batch size to measure [default: the problem's].")
@click.option("--device", default="auto", show_default=True, help="Where to measure.")
@data_root_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(
    name: str,
    *,
    measure: bool,
    batch_size: int | None,
    device: str,
    data_root: Path | None,
    as_json: bool,
) -> None:
    """Show the details of the test problem or the optimizer NAME."""
    facts = _facts_of(name)
    if measure:
        if "dataset" not in facts:
            raise UsageError(f"--measure takes a test problem, but {name} is an optimizer.")
        facts |= _measured(name, batch_size=batch_size, device=device, data_root=data_root)
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        if value is not None:
            click.echo(f"{key.replace('_', ' '):<{width}}  {_text(value)}")


def _facts_of(name: str) -> dict[str, Any]:
    """Returns the details of the problem or optimizer with that name."""
    from deepobs.data import did_you_mean
    from deepobs.problems import PROBLEMS, UnknownProblemError, get_problem

    from ..optimizers import OPTIMIZERS, find_optimizer

    if name in PROBLEMS:
        return _facts(get_problem(name))
    try:
        return facts_of_optimizer(find_optimizer(name))
    except UsageError as error:
        if any(sign in name for sign in ".("):  # a path or a wrapper: certainly an optimizer
            raise
        try:
            return _facts(get_problem(name))
        except UnknownProblemError as unknown_problem:
            if did_you_mean(name, OPTIMIZERS, ""):
                raise error from None
            raise unknown_problem from None


def _measured(name: str, **chosen: Any) -> dict[str, Any]:
    """Returns what a step takes."""
    from ..training import measure_step

    return {f"measured_{fact}": value for fact, value in measure_step(name, **chosen).items()}


def _facts(problem: Problem) -> dict[str, Any]:
    """Returns the details of a problem; the model is built on the meta device."""
    import torch

    from deepobs.problems import PROBLEMS

    with torch.device("meta"):
        parameters = [p for p in problem.model().parameters() if p.requires_grad]
    source = getattr(problem.dataset, "func", problem.dataset)  # a partial gives it arguments
    return {
        "name": problem.name,
        "description": problem.description,
        "dataset": getattr(source, "name", None) or _called(source),
        "data": getattr(source, "description", None),
        "model": _called(problem.model),
        "parameters": sum(p.numel() for p in parameters),
        "loss": _called(problem.loss),
        "accuracy": problem.correct is not None,
        "primary_metric": problem.metric.name,
        "batch_size": problem.batch_size,
        "epochs": problem.epochs,
        "steps_per_epoch": problem.steps_per_epoch,
        "weight_decay": problem.weight_decay,
        "convergence_target": problem.convergence_target,
        "reference": problem.reference,
        "notes": problem.notes or None,
        "original": problem.name in PROBLEMS.ours and not problem.extra,
    }


def facts_of_optimizer(found: FoundOptimizer) -> dict[str, Any]:
    """Returns the details of an optimizer: its entry in the table and its hyperparameters.

    Args:
        found: The optimizer.
    """
    entry = found.reference
    default_lr = found.default_lr
    facts: dict[str, Any] = {"name": found.name, "made_by": _called(found.make)}
    if entry is not None:
        facts |= {
            "description": entry.description,
            "paper": entry.paper,
            "package": entry.package,
            "state_per_parameter": entry.state,
            "passes_per_step": entry.passes,
        }
    return facts | {
        "called_by": found.calls.value,
        "learning_rate": ("none" if not found.takes_lr else "required")
        if default_lr is None
        else default_lr,
        "hyperparameters": {name: _plain(found.default_of(name)) for name in found.names},
        "space": None if entry is None else dict(entry.space),
        "source_of_the_space": None if entry is None else entry.source,
    }


def _plain(value: Any) -> Any:
    """Returns a default value that JSON can represent."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return "required" if value is inspect.Parameter.empty else _called(value)


def _called(function: Any) -> str:
    """Returns a class, function or partial as source: ``VGG(depth=16, num_classes=10)``."""
    if hasattr(function, "func"):
        arguments = [*map(repr, function.args)]
        arguments += [f"{name}={value!r}" for name, value in function.keywords.items()]
        return f"{_called(function.func)}({', '.join(arguments)})"
    return str(getattr(function, "__name__", type(function).__name__))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_word(item)}" for name, item in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _word(value: Any) -> str:
    """Returns a value as `--set` and `--space` take it."""
    return json.dumps(value) if isinstance(value, (bool, list)) or value is None else str(value)
