"""`deepobs leaderboard`: a static site from a folder of bundles."""

from __future__ import annotations

from pathlib import Path

import click

from ._paths import UserPath


@click.command("leaderboard")
@click.argument("bundles", type=UserPath())
@click.option(
    "-o",
    "--output",
    type=UserPath(),
    default=Path("site"),
    show_default=True,
    help="The folder to write; its first page is index.html.",
)
def command(bundles: Path, output: Path) -> None:
    """Write a static site that shows the results in the folder BUNDLES.

    The folder holds bundles (`NAME.deepobs`), which are checked as by `deepobs verify`. Each
    protocol has a page with a matrix of methods and problems that you can sort and filter. Each
    number leads to its curves and to the commands that repeat it.
    """
    from ..leaderboards import leaderboard
    from ..report.text import count

    site = leaderboard(bundles, output)
    click.echo(
        f"Wrote {site.path}: {count(site.methods, 'method')} on {count(site.problems, 'problem')} "
        f"from {count(site.bundles, 'bundle')}, {count(site.pages, 'page')}."
    )
