"""`deepobs verify`: check a bundle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ._options import find_users_modules
from ._paths import UserPath


@click.command("verify")
@click.argument("bundle", type=UserPath())
@click.option(
    "--rerun",
    type=int,
    default=0,
    show_default=True,
    help="Number of runs to repeat; executes the optimizers' sources in the bundle.",
)
@click.option("--seed", type=int, default=42, show_default=True, help="Seed that draws them.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, mps.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
@click.pass_context
def command(
    context: click.Context, bundle: Path, rerun: int, seed: int, device: str, as_json: bool
) -> None:
    """Check that BUNDLE is unchanged and complete, and repeat some of its runs.

    Prints a sentence for each fault; the exit status is then 1.
    """
    from ..bundles import verify

    find_users_modules()
    found = verify(bundle, rerun=rerun, seed=seed, device=device)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        click.echo("\n".join(found.faults) or _good(bundle, found.searches, found.runs, rerun))
    if found.faults:
        context.exit(1)


def _good(bundle: Path, searches: int, runs: int, repeated: int) -> str:
    again = f"; {min(repeated, runs)} of them give the same numbers again" if repeated else ""
    return f"{bundle} is unchanged and complete: {runs:,} runs of {searches} searches{again}."
