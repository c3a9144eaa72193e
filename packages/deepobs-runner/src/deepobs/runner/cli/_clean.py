"""`deepobs clean`: remove what killed processes left."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ._paths import ResultsPath


@click.command("clean")
@click.argument("results", type=ResultsPath())
@click.option(
    "--unfinished",
    is_flag=True,
    help="Remove the checkpoints of unfinished runs too; they can no longer be resumed.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(results: Path | str, unfinished: bool, dry_run: bool, as_json: bool) -> None:
    """Remove files that killed processes left in the folder RESULTS, or at its address.

    Finishes runs that were killed right after their record was written, and removes temporary
    files older than an hour. Records and the files of running processes are kept.
    """
    from ..results import clean

    done = clean(results, unfinished=unfinished, dry_run=dry_run)
    if as_json:
        content = {**vars(done), "removed": [str(path) for path in done.removed]}
        click.echo(json.dumps(content))
        return
    for path in done.removed:
        click.echo(f"{'would remove' if dry_run else 'removed'} {path}")
    click.echo(
        f"{len(done.finished)} finished runs {'to clean up' if dry_run else 'cleaned up'}, "
        f"{len(done.unfinished)} unfinished runs"
        f"{' removed' if unfinished and not dry_run else ''}, {len(done.removed)} leftovers"
    )
