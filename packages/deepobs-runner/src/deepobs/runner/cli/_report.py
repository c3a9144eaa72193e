"""`deepobs report`: everything a paper needs on one HTML page, and as files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Literal

import click

from ._paths import ResultsPath, UserPath


@click.command("report")
@click.argument("results", nargs=-1, type=ResultsPath())
@click.option(
    "-o",
    "--output",
    type=UserPath(),
    default=Path("report.html"),
    show_default=True,
    help="The HTML file to write.",
)
@click.option("--baselines", is_flag=True, help="Compare with the published baselines.")
@click.option("--title", help="The page's title.")
@click.option(
    "--figures",
    type=UserPath(),
    metavar="DIR",
    help="Also save figures (PDF, PNG, PGF), tables (LaTeX, Markdown) and BibTeX here.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="PROBLEM[:METRIC]=VALUE",
    help="Target instead of the problem's own, for its primary metric or another; repeatable.",
)
@click.option(
    "--target-on",
    type=click.Choice(["test", "valid"]),
    default="test",
    show_default=True,
    help="Phase that targets refer to; AlgoPerf uses valid.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def command(
    results: tuple[Path | str, ...],
    output: Path,
    baselines: bool,
    title: str | None,
    figures: Path | None,
    targets: tuple[str, ...],
    target_on: Literal["test", "valid"],
    as_json: bool,
) -> None:
    """Write everything a paper needs on one HTML page that works offline.

    RESULTS are results folders of this package or of DeepOBS 1.1 and 1.2, bundles, or addresses
    such as s3://BUCKET/FOLDER. With `--baselines` and no folder, the page shows the published
    baselines alone.
    """
    from ..report.figures import save_figures
    from ..report.page import write_report
    from ..report.study import gather
    from ..report.text import report_numbers

    if not results and not baselines:
        raise click.UsageError(
            "There is nothing to report: give a results folder, or show the published "
            "baselines with --baselines."
        )
    gathered = gather(
        results or None, baselines=baselines, targets=_targets(targets), target_phase=target_on
    )
    for line in gathered.left_out:
        click.echo(f"Left out {line}", err=True)
    page = write_report(gathered, output, title=title)
    saved = save_figures(gathered.study, figures) if figures else []
    if as_json:
        numbers = report_numbers(gathered.study)
        files = [str(path) for path in saved]
        click.echo(json.dumps({"report": str(page), "figures": files, **numbers}, indent=1))
        return
    size = page.stat().st_size / 1e6
    click.echo(f"Wrote {page} ({len(gathered.study.runs):,} runs, {size:.1f} MB).")
    if figures:
        click.echo(f"Saved {len(saved)} figures and tables in {figures}.")
        if not any(path.suffix == ".pgf" for path in saved):
            click.echo(
                "No PGF files: they need LaTeX (pdflatex), which is not installed.", err=True
            )


def _targets(texts: tuple[str, ...]) -> dict[str, float | tuple[str, float]]:
    """Reads `PROBLEM=VALUE` and `PROBLEM:METRIC=VALUE` options."""
    targets: dict[str, float | tuple[str, float]] = {}
    for text in texts:
        name, _, written = text.partition("=")
        problem, colon, metric = name.partition(":")
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if not (problem and math.isfinite(value) and bool(colon) == bool(metric)):
            raise click.UsageError(
                f"--target {text} is not a target; expected PROBLEM=VALUE, such as mnist_mlp=0.98, "
                "or PROBLEM:METRIC=VALUE, such as mnist_mlp:loss=0.1."
            )
        targets[problem] = (metric, value) if metric else value
    return targets
