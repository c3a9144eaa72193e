"""Options that commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..common import read_value
from ..config import INPUTS, REQUIRED, Setting
from ._paths import ResultsPath, UserPath

_Command = TypeVar("_Command", bound=Callable[..., object])
_TYPES = {"int": int, "float": float}
_NAME = re.compile(r"(?!\d)(\w|\.)+(\[\d+\])?$")  # such as momentum, base.momentum, betas[0]
data_root_option = click.option(
    "--data-root",
    type=UserPath(),
    help="Folder of the data files [default: $DEEPOBS_DATA_DIR, else the user's cache].",
)
loggers_option = click.option(
    "--logger",
    "loggers",
    multiple=True,
    metavar="NAME",
    help="Log to tensorboard, wandb (offline) or mlflow too. Repeatable.",
)
log_every_option = click.option(
    "--log-every", type=int, metavar="STEPS", help="Let loggers log the training loss, too."
)
# Options of commands with many runs: where the records go and what executes the runs.
_EXECUTION = (
    click.option(
        "--results",
        type=ResultsPath(),
        default=Path("results"),
        show_default=True,
        help="Folder for the records, or s3://, gs:// or az://BUCKET/FOLDER.",
    ),
    click.option(
        "--executor",
        default="local",
        show_default=True,
        help="What executes the runs: local, ray or slurm.",
    ),
    click.option(
        "--workers", type=int, help="Parallel runs [default: one per GPU, else one per core]."
    ),
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
        help="Seconds between two checkpoints [default: 300].",
    ),
    click.option(
        "--retries", type=int, default=2, show_default=True, help="Retries of a failed run."
    ),
    loggers_option,
    log_every_option,
    click.option(
        "--progress", default="auto", show_default=True, help="auto, lines or off; on stderr."
    ),
)


def setting_options(*, searchable: bool = False) -> Callable[[_Command], _Command]:
    """Returns a decorator that adds an option for each setting of a run to a command.

    Args:
        searchable: Whether to add only those settings that `tune` shares between its runs.
    """
    wanted = [item for item in INPUTS if item.searchable or not searchable]

    def decorate(function: _Command) -> _Command:
        for item in reversed(wanted):
            for option in reversed(_options(item)):
                function = option(function)
        return function

    return decorate


def pop_settings(options: dict[str, Any]) -> dict[str, Any]:
    """Takes the settings of a run out of a command's options, for `run` or `tune`."""
    settings = {}
    for item in INPUTS:
        if item.name not in options:
            continue
        value = options.pop(item.name)
        if item.kind == "pairs":
            value = pairs(item.option, value)
        elif item.kind == "named":
            given = options.pop(f"{item.name}_arguments")
            value = {"name": value, **pairs(f"--set-{item.name}", given)}
        settings[item.name] = value
    return settings


def _options(item: Setting) -> list[Callable[[_Command], _Command]]:
    """Returns the options of one setting; none for positional arguments."""
    if item.kind == "object":
        return []
    more: dict[str, Any] = {"multiple": True, "metavar": "NAME=VALUE"}
    if item.kind == "pairs":
        return [click.option(item.option, item.name, help=f"{item.help} Repeatable.", **more)]
    if item.kind == "texts":
        text = f"{item.help} Repeatable."
        return [click.option(item.option, item.name, multiple=True, metavar="TEXT", help=text)]
    if item.kind == "bool":
        return [click.option(item.option, item.name, is_flag=True, help=item.help)]
    required = item.default is REQUIRED
    shown: dict[str, Any] = {} if required else {"default": item.default}
    option = click.option(
        item.option,
        item.name,
        type=_TYPES.get(item.kind, str),
        required=required,
        show_default=not required and item.default is not None,
        help=item.help,
        **shown,
    )
    if item.kind != "named":
        return [option]
    text = f"An argument of the {item.name}, such as warmup_epochs=5. Repeatable."
    return [option, click.option(f"--set-{item.name}", f"{item.name}_arguments", help=text, **more)]


def execution_options(function: _Command) -> _Command:
    """Adds the options of commands with many runs."""
    for option in reversed(_EXECUTION):
        function = option(function)
    return function


def find_users_modules() -> None:
    """Adds the working folder to the import path, as `python -m` does."""
    sys.path.insert(0, str(Path.cwd()))


def pairs(option: str, given: tuple[str, ...]) -> dict[str, Any]:
    """Reads NAME=VALUE words; a value is a Python literal, else the text itself.

    Raises:
        click.UsageError: A word is not of that form, or gives a name again.
    """
    settings: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.match(name):
            raise click.UsageError(f"{option} takes NAME=VALUE, like momentum=0.9, not {text!r}.")
        if name in settings:
            raise click.UsageError(f"{option} gives {name} twice; give it once.")
        settings[name] = read_value(value)
    return settings
