"""`deepobs check PACKAGE.MODULE:NAME`: the rules every problem keeps, on a user's problem."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._errors import UsageError

if TYPE_CHECKING:
    from deepobs.problems import Problem


@click.command("check")
@click.argument("problem")
@click.option("--data-root", help="Folder of the data files.")
@click.option("--batch-size", default=2, show_default=True, help="Examples a batch.")
def command(problem: str, data_root: str | None, batch_size: int) -> None:
    """Check that a problem keeps the rules on which everything else relies.

    PROBLEM is PACKAGE.MODULE:NAME, the place of a deepobs.problems.Problem, or a name of the
    catalogue. The exit status is 1 if a rule is broken.
    """
    from deepobs.problems import check_problem

    checked = _find(problem)
    broken = 0
    for finding in check_problem(checked, data_root=data_root, batch_size=batch_size):
        click.echo(f"{'ok  ' if finding.complaint is None else 'FAIL'}  {finding.check}")
        if finding.complaint is not None:
            broken += 1
            click.echo(f"      {finding.complaint}")
    click.echo(f"\n{checked.name}: " + (f"{broken} rules broken" if broken else "all rules kept"))
    if broken:
        sys.exit(1)


def _find(place: str) -> Problem:
    from deepobs.problems import Problem, get_problem

    module, colon, name = place.partition(":")
    if not colon:
        return get_problem(place)
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: problems lie where one works
    try:
        found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise UsageError(f"There is no module {error.name!r}, which {place!r} needs.") from None
    except AttributeError:
        raise UsageError(f"Module {module!r} has no {name!r}.") from None
    if not isinstance(found, Problem):
        raise UsageError(
            f"{place} is a {type(found).__name__}, but a deepobs.problems.Problem is expected."
        )
    return found
