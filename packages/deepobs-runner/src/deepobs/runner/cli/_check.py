"""`deepobs check PACKAGE.MODULE:NAME`: checks that a user's problem follows the rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import UsageError, import_users
from ._options import data_root_option, find_users_modules

if TYPE_CHECKING:
    from deepobs.problems import Problem


@click.command("check")
@click.argument("problem")
@data_root_option
@click.option(
    "--batch-size",
    type=int,
    help="Examples per batch; default: 2, or all of a problem that is one batch.",
)
def command(problem: str, data_root: Path | None, batch_size: int | None) -> None:
    """Check that a problem follows the rules that the runner relies on.

    PROBLEM is PACKAGE.MODULE:NAME, the place of a deepobs.problems.Problem, or a name of the
    catalogue. The exit status is 1 if the problem breaks a rule.
    """
    from deepobs.problems import check_problem

    checked = _find(problem)
    broken = 0
    try:
        for finding in check_problem(checked, data_root=data_root, batch_size=batch_size):
            click.echo(f"{'ok  ' if finding.complaint is None else 'FAIL'}  {finding.check}")
            if finding.complaint is not None:
                broken += 1
                click.echo(f"      {finding.complaint}")
    except ValueError as error:  # the problem's own errors are findings
        raise UsageError(str(error)) from error
    rules = "all rules kept" if not broken else f"{broken} rule{'s' * (broken > 1)} broken"
    click.echo(f"\n{checked.name}: {rules}")
    if broken:
        sys.exit(1)


def _find(place: str) -> Problem:
    from deepobs.problems import Problem, get_problem

    module, colon, name = place.partition(":")
    if not colon:
        return get_problem(place)
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise UsageError(
            f"PACKAGE.MODULE:NAME or a name of the catalogue is expected, not {place!r}."
        )
    find_users_modules()
    holder = import_users(module)
    if not hasattr(holder, name):
        raise UsageError(f"Module {module!r} has no {name!r}.")
    found = getattr(holder, name)
    if not isinstance(found, Problem):
        raise UsageError(
            f"{place} is a {type(found).__name__}, but a deepobs.problems.Problem is expected."
        )
    return found
