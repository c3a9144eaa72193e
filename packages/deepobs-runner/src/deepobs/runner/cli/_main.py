"""The group of commands, and how errors are printed."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from importlib import import_module
from importlib.metadata import version
from typing import TextIO

import click

from ..common import RunInterruptedError, name_today, printable, unknown

# Name -> (module that holds it, its line in the help). A module is imported when its command is
# called, so that `deepobs --help` answers at once, without torch.
_COMMANDS = {
    "list": ("_list", "List the test problems."),
    "optimizers": ("_optimizers", "List the reference optimizers and their search spaces."),
    "show": ("_show", "Show the details of one test problem or optimizer."),
    "check": ("_check", "Check a test problem of your own."),
    "data": ("_data", "List, fetch and verify the data sets' files."),
    "run": ("_run", "Train a test problem with an optimizer and record what happens."),
    "benchmark": ("_benchmark", "Measure optimizers on several problems and compare them."),
    "sweep": ("_sweep", "Run problems x optimizers x settings x seeds from a YAML file."),
    "tune": ("_tune", "Search for a good setting, then repeat the best with several seeds."),
    "baselines": ("_baselines", "Show the 1,080 published baseline runs."),
    "report": ("_report", "Write everything a paper needs on one HTML page."),
    "bundle": ("_bundle", "Write results into one file that others can check."),
    "verify": ("_verify", "Check a bundle, and repeat some of its runs."),
    "leaderboard": ("_leaderboard", "Write a site that shows the results in many bundles."),
    "clean": ("_clean", "Remove what killed processes left in a results folder."),
    "demo": ("_demo", "Benchmark three optimizers on embedded problems, without any download."),
}


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"._{cmd_name}", __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            raise unknown("command", args[0], _COMMANDS, "`deepobs --help` lists what there is.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("deepobs-runner"), prog_name="deepobs")
def group() -> None:
    """Benchmark optimizers for deep learning: run, sweep, tune, compare, report.

    Progress goes to stderr, results to stdout. The exit status is 0, 1 when a run failed, or 2 when
    the command or one of its arguments is wrong.
    """


def main(arguments: list[str] | None = None) -> None:
    """Runs the command and exits: 0, 1 (a run failed) or 2 (an argument is wrong).

    Args:
        arguments: The arguments after `deepobs`; default: those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack a character that we print
            stream.reconfigure(errors="backslashreplace")
    usual, warnings.showwarning = warnings.showwarning, _show_warning
    try:
        status = group.main(arguments, prog_name="deepobs", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        status = 2
    except click.NoSuchOption as error:
        status = _complain(_no_such_option(error), error.exit_code)
    except click.ClickException as error:
        status = _complain(error.format_message(), error.exit_code)
    except RunInterruptedError as error:
        status = _complain(str(error), 128 + error.signal_number)
    except (click.Abort, KeyboardInterrupt):
        status = _complain("Interrupted.", 130)
    except BrokenPipeError:  # the reader closed the pipe, as `| head` does
        sys.stderr.close()
        status = 1
    except Exception as error:  # noqa: BLE001 - a bug is raised again by _status
        status = _complain(str(error), _status(error))
    finally:
        warnings.showwarning = usual
    sys.exit(status if isinstance(status, int) else 0)


def _no_such_option(error: click.NoSuchOption) -> str:
    """Returns the sentence about an unknown option; it knows those of DeepOBS 1."""
    parameters = error.ctx.command.params if error.ctx else []
    options = {
        option.strip("-").replace("-", "_"): option
        for parameter in parameters
        for option in parameter.opts
        if option.startswith("--")
    }
    today = name_today(error.option_name.strip("-"), options)
    if today is None:
        return error.format_message()
    return (
        f"There is no option {error.option_name}; did you mean {options[today]}, as it is called "
        "since DeepOBS 2?"
    )


def _status(error: Exception) -> int:
    """Returns the exit status of an expected error; raises any other error again."""
    from deepobs.data import (
        CorruptDatasetError,
        DataRootError,
        DatasetNotFoundError,
        FetchError,
        UnknownDatasetError,
    )
    from deepobs.problems import UnknownProblemError

    from ..common import CheckpointError, OptimizerError, RunInProgressError, UsageError
    from ..results import CorruptRecordError

    if isinstance(error, UsageError | UnknownProblemError | UnknownDatasetError | DataRootError):
        return 2
    failures = (
        *(DatasetNotFoundError, CorruptDatasetError, FetchError),
        *(CheckpointError, CorruptRecordError, OptimizerError, RunInProgressError, OSError),
    )
    if isinstance(error, failures):
        return 1
    raise error


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the signature of warnings.showwarning
    line: str | None = None,
) -> None:
    """Shows a deepobs warning in one line, without its location in the code."""
    if category.__module__.startswith("deepobs."):
        _echo(f"Warning: {message}\n")
    else:
        _echo(warnings.formatwarning(message, category, filename, lineno, line))


def _complain(message: str, status: int) -> int:
    _echo(f"Error: {message}\n")
    return status


def _echo(text: str) -> None:
    """Writes to stderr; a full device or a closed terminal there must not end a run."""
    with contextlib.suppress(OSError):
        click.echo(printable(text), err=True, nl=False)
