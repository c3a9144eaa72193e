"""Options that commands share."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])
data_root_option = click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    help="Folder of the data files [default: $DEEPOBS_DATA_DIR, else the user's cache].",
)
# What defines a run and can be shared by all runs of a search.
_RUN = (
    click.option(
        "--set",
        "hyperparameters",
        multiple=True,
        metavar="NAME=VALUE",
        help="A hyperparameter of the optimizer; repeatable.",
    ),
    click.option(
        "--epochs", type=int, help="Passes over the training set [default: the problem's]."
    ),
    click.option("--batch-size", type=int, help="Examples a step [default: the problem's]."),
    click.option("--weight-decay", type=float, help="Factor of the problem's L2 regularizer."),
    click.option(
        "--schedule", default="constant", show_default=True, help="Learning-rate schedule."
    ),
    click.option(
        "--set-schedule",
        "schedule_arguments",
        multiple=True,
        metavar="NAME=VALUE",
        help="An argument of the schedule, such as warmup_epochs=5; repeatable.",
    ),
    click.option(
        "--precision", default="fp32", show_default=True, help="fp32, tf32, bf16 or fp16."
    ),
    click.option(
        "--accumulate", type=int, default=1, show_default=True, help="Micro-batches a step."
    ),
    click.option("--clip-norm", type=float, help="Largest norm of the gradient."),
    click.option("--replay", is_flag=True, help="Repeat the first epoch's order in every epoch."),
)
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
    data_root_option,
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


def run_options(function: _Command) -> _Command:
    """Gives a command the options that define a run, but for learning rate and seed."""
    for option in reversed(_RUN):
        function = option(function)
    return function


def execution_options(function: _Command) -> _Command:
    """Gives a command the options of those that do many runs."""
    for option in reversed(_EXECUTION):
        function = option(function)
    return function


def find_users_modules() -> None:
    """Lets optimizers and problems be imported that lie where one works, as `python -m` does."""
    sys.path.insert(0, str(Path.cwd()))


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
