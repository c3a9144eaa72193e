"""`deepobs show PROBLEM`: what one problem consists of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from deepobs.problems import Problem


@click.command("show")
@click.argument("problem")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(problem: str, as_json: bool) -> None:
    """Show what the test problem PROBLEM consists of."""
    from deepobs.problems import get_problem

    facts = _facts(get_problem(problem))
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name.replace('_', ' '):<{width}}  {_text(value)}")


def _facts(problem: Problem) -> dict[str, Any]:
    """Everything there is to know, the model built to count its parameters (on no memory)."""
    import torch

    from deepobs.problems import PROBLEMS

    with torch.device("meta"):
        parameters = [p for p in problem.model().parameters() if p.requires_grad]
    entry = problem.dataset
    return {
        "name": problem.name,
        "description": problem.description,
        "dataset": getattr(entry, "name", repr(entry)),
        "data": getattr(entry, "description", None),
        "model": _called(problem.model),
        "parameters": sum(p.numel() for p in parameters),
        "loss": _called(problem.loss),
        "accuracy": problem.correct is not None,
        "batch_size": problem.batch_size,
        "epochs": problem.epochs,
        "weight_decay": problem.weight_decay,
        "convergence_target": problem.convergence_target,
        "reference": problem.reference,
        "notes": problem.notes or None,
        "original": problem.name in PROBLEMS.ours and not problem.extra,
    }


def _called(function: Any) -> str:
    """How a class, function or partial would be written: ``VGG(depth=16, num_classes=10)``."""
    if hasattr(function, "func"):
        arguments = [*map(repr, function.args)]
        arguments += [f"{name}={value!r}" for name, value in function.keywords.items()]
        return f"{_called(function.func)}({', '.join(arguments)})"
    return str(getattr(function, "__name__", type(function).__name__))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
