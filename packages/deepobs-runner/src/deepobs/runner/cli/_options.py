"""Options that commands share."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])
# Of commands that do many runs: where the records go, and who does the runs.
_EXECUTION = (
    click.option(
        "--results",
        type=click.Path(path_type=Path),
        default=Path("results"),
        show_default=True,
        help="Folder for the records.",
    ),
    click.option(
        "--executor",
        default="local",
        show_default=True,
        help="Who does the runs: local, ray, slurm.",
    ),
    click.option("--workers", type=int, help="Runs at once [default: one a GPU, else one a core]."),
    click.option(
        "--option",
        "executor_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="An option of the executor, such as address=auto or gpus=0.25 for ray; repeatable.",
    ),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, mps."),
    click.option("--data-root", type=click.Path(path_type=Path), help="Folder of the data files."),
    click.option(
        "--checkpoint-every",
        type=float,
        metavar="SECONDS",
        help="Between checkpoints [default: 300].",
    ),
    click.option(
        "--retries", type=int, default=2, show_default=True, help="Attempts after a run's first."
    ),
    click.option(
        "--progress", default="auto", show_default=True, help="auto, lines or off; on stderr."
    ),
)


def execution_options(function: _Command) -> _Command:
    """Gives a command the options of those that do many runs."""
    for option in reversed(_EXECUTION):
        function = option(function)
    return function


def pairs(option: str, given: tuple[str, ...]) -> dict[str, Any]:
    """Reads NAME=VALUE settings; a value is a Python literal, else the text itself."""
    settings: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"{option} takes NAME=VALUE, like momentum=0.9, not {text!r}.")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings
