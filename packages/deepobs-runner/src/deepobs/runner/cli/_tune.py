"""`deepobs tune`: search for a good setting, then repeat the best."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ._options import execution_options, find_users_modules, pairs, pop_settings, setting_options

if TYPE_CHECKING:
    from ..tuning import Trial, TuneResult


@click.command(name="tune")
@click.argument("problem")
@click.argument("optimizer")
@click.option("--trials", type=int, default=36, show_default=True, help="Settings to try.")
@click.option(
    "--strategy", default="grid", show_default=True, help="grid, random, sobol or tpe (Optuna)."
)
@click.option(
    "--space",
    multiple=True,
    metavar="NAME=RANGE",
    help="Search space: lr=log:1e-5:1e2, momentum=choice:0.9,0.99, 1-log:LOW:HIGH, "
    "uniform:LOW:HIGH, int:LOW:HIGH; repeatable. By default that of `deepobs optimizers`.",
)
@click.option(
    "--objective",
    default="valid_metric",
    show_default=True,
    help="valid_metric (the problem's primary), valid (loss), valid_accuracy, or test (as in "
    "DeepOBS).",
)
@click.option(
    "--validation",
    type=float,
    default=0.2,
    show_default=True,
    help="Share of the training set held out for the objective.",
)
@click.option(
    "--seeds-per-trial",
    type=int,
    default=1,
    show_default=True,
    help="Seeds per trial; their values are averaged.",
)
@click.option(
    "--repeat", type=int, default=10, show_default=True, help="Seeds to repeat the best with."
)
@click.option("--seed", type=int, default=42, show_default=True, help="Seed of the search.")
@click.option("--prune", is_flag=True, help="Stop runs that do worse than the median (tpe).")
@setting_options(searchable=True)
@execution_options
@click.option("--json", "as_json", is_flag=True, help="Print the search's record as JSON.")
@click.pass_context
def command(
    context: click.Context,
    /,
    problem: str,
    optimizer: str,
    *,
    executor_options: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Search for a good setting of OPTIMIZER on PROBLEM, then repeat the best with several seeds.

    After an interruption, the same command continues. Several processes may share a search.
    """
    from .. import tune

    find_users_modules()
    result = tune(
        problem,
        optimizer,
        **pop_settings(options),
        executor_options=pairs("--option", executor_options),
        **options,
    )
    click.echo(json.dumps(result.to_dict()) if as_json else _summary(result))
    if result.best is None or result.repeats_failed:
        context.exit(1)


def _summary(result: TuneResult) -> str:
    space = " ".join(f"{name}={text}" for name, text in result.study["space"].items())
    lines = [f"space: {space} ({result.study['space_source']})"]
    lines += [_line(trial) for trial in result.trials]
    if result.left_out:
        first = _line(result.left_out[0])
        lines.append(f"left out of the grid: {len(result.left_out)}, the first of which {first}")
    if result.best is None:
        return "\n".join([*lines, f"no setting finished, of {len(result.trials)}; {result.path}"])
    repeats = f"; repeated with {len(result.repeats)} seeds" if result.repeats else ""
    failed = f", {result.repeats_failed} of which failed" if result.repeats_failed else ""
    return "\n".join([*lines, f"best: {_line(result.best)}{repeats}{failed}", str(result.path)])


def _line(trial: Trial) -> str:
    """Returns one line for a trial: its settings and its value or status."""
    settings = " ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in trial.settings.items()
    )
    if trial.message:
        return f"{settings}: {trial.status}: {trial.message}"
    return f"{settings}: {trial.status if trial.value is None else f'{trial.value:.5g}'}"
