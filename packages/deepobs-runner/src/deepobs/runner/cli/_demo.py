"""`deepobs demo`: run, compare and report on embedded problems, without any download."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ..common import UsageError

# Problem, optimizer, learning rate, hyperparameters, epochs: settings that reach a good loss soon.
_RUNS: tuple[tuple[str, str, float, dict[str, float], int], ...] = (
    ("quadratic_deep", "SGD", 0.01585, {}, 20),
    ("quadratic_deep", "SGD", 0.002512, {"momentum": 0.99}, 20),
    ("quadratic_deep", "Adam", 0.03981, {}, 20),
    ("digits_mlp", "SGD", 0.5, {}, 20),
    ("digits_mlp", "SGD", 0.1, {"momentum": 0.9}, 20),
    ("digits_mlp", "Adam", 0.01, {}, 20),
)
_SEEDS = (42, 43, 44)


@click.command("demo")
@click.option(
    "--results",
    default="demo",
    show_default=True,
    help="Folder of the results and of the report.",
)
def command(results: str) -> None:
    """Run, compare and report on embedded problems, without any download."""
    from .. import run, write_report

    folder = Path(results)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--results {results} is a file; give a folder.")
    begin = time.perf_counter()
    number = 0
    for problem, optimizer, lr, hyperparameters, epochs in _RUNS:
        for seed in _SEEDS:
            number += 1
            settings = "".join(f" {name}={value}" for name, value in hyperparameters.items())
            record = run(
                problem,
                optimizer,
                lr=lr,
                hyperparameters=hyperparameters,
                epochs=epochs,
                seed=seed,
                results=folder,
                progress="off",
            )
            click.echo(
                f"{number:>2}/{len(_RUNS) * len(_SEEDS)}  {problem}  {optimizer}{settings} "
                f"lr={lr} seed={seed}  test loss {record.test_losses[-1]:.4g}",
                err=True,
            )
    report = write_report(folder, folder / "report.html", baselines=True)
    click.echo(f"{number} runs and their report in {time.perf_counter() - begin:.0f} s.", err=True)
    click.echo(f"Open {report.resolve()} in a browser.")
