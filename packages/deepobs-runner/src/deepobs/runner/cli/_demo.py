"""`deepobs demo`: benchmark, compare and report on embedded problems, without any download."""

from __future__ import annotations

from pathlib import Path

import click

from ._benchmark import outcome_lines

_PROBLEMS = ("quadratic_deep", "digits_mlp")
_OPTIMIZERS = ("SGD", "Momentum", "Adam")


@click.command("demo")
@click.option(
    "--results",
    default="demo",
    show_default=True,
    help="Folder of the results and of the report.",
)
@click.option(
    "--workers", type=int, help="Parallel runs [default: one per GPU, else one per core]."
)
def command(results: str, workers: int | None) -> None:
    """Benchmark, compare and report on embedded problems, without any download.

    The same as `deepobs benchmark SGD Momentum Adam --set quadratic_deep,digits_mlp --protocol
    demo --device cpu --results demo`.
    """
    from .. import UsageError, benchmark

    if Path(results).exists() and not Path(results).is_dir():
        raise UsageError(f"--results {results} is a file; give a folder.")
    result = benchmark(
        list(_OPTIMIZERS),
        problems=_PROBLEMS,
        protocol="demo",
        results=results,
        workers=workers,
        device="cpu",
    )
    click.echo("\n".join(outcome_lines(result)))
