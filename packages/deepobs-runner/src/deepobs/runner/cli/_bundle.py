"""`deepobs bundle`: results in one file that others can check."""

from __future__ import annotations

from pathlib import Path

import click

from ._paths import UserPath


@click.command("bundle")
@click.argument("results", nargs=-1, required=True, type=UserPath())
@click.option(
    "-o",
    "--output",
    type=UserPath(),
    default=Path("results.deepobs"),
    show_default=True,
    help="The bundle to write; it ends in .deepobs.",
)
def command(results: tuple[Path, ...], output: Path) -> None:
    """Write the results of benchmarks into one file that others can check.

    RESULTS are folders that `deepobs benchmark` wrote, or bundles. The bundle contains records,
    searches, versions, the sources of your optimizers, and the SHA-256 of each file. It names no
    machine, user or folder. `deepobs report` reads it like a folder.
    """
    from ..bundles import bundle
    from ..common import printable

    held = bundle(results, output)
    size = held.path.stat().st_size / 1e6
    click.echo(f"Wrote {held.path}: {held.runs:,} runs of {held.searches} searches, {size:.1f} MB.")
    if held.left_out:
        click.echo(f"Left out {held.left_out} records that belong to no benchmark.", err=True)
    for file, reason in held.damaged.items():
        click.echo(printable(f"Left out {file}, which cannot be read: {reason}"), err=True)
