"""`deepobs sweep`: many runs from one file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._options import execution_options, find_users_modules, pairs
from ._paths import UserPath

if TYPE_CHECKING:
    from ..sweeps import Estimate, Group, LeftOut, SweepResult

_ENDS = ("finished", "diverged", "done before", "failed")


@click.command(name="sweep")
@click.argument("config", type=UserPath())
@execution_options
@click.option(
    "--dry-run", is_flag=True, help="Only print the number of runs and the estimated time."
)
@click.option("--yes", is_flag=True, help="Allow more than 10,000 runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_context
def command(
    context: click.Context,
    /,
    config: Path,
    *,
    executor_options: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run everything in CONFIG, a YAML file, that is not done yet.

    CONFIG lists problems, optimizers, settings, schedules and seeds. After an interruption, the
    same command continues. Several processes may share a results folder.
    """
    from ..sweeps import dry_run as estimate
    from ..sweeps import sweep

    find_users_modules()
    if dry_run:
        if settings["executor"] != "local":
            raise click.UsageError(
                "--dry-run times steps on this machine, so it needs the local executor."
            )
        names = ("results", "workers", "device", "data_root", "yes")
        expected = estimate(config, **{name: settings[name] for name in names})
        click.echo(json.dumps(_expected(expected)) if as_json else _forecast(expected))
        return
    result = sweep(config, executor_options=pairs("--option", executor_options), **settings)
    click.echo(json.dumps(_outcome(result)) if as_json else _summary(result))
    if result.failed:
        context.exit(1)


def _outcome(result: SweepResult) -> dict[str, Any]:
    return {
        "runs": len(result.runs),
        **{end.replace(" ", "_"): result.count(end) for end in _ENDS},
        "seconds": result.seconds,
        "failures": [
            {"run": run.config.to_dict(), "run_id": run.config.run_id, "message": run.message}
            for run in result.failed
        ],
        "left_out": [vars(one) for one in result.left_out],
    }


def _summary(result: SweepResult) -> str:
    from ..sweeps import describe, duration

    counts = ", ".join(f"{result.count(end)} {end}" for end in _ENDS if result.count(end))
    lines = [f"{len(result.runs)} runs: {counts}; {duration(result.seconds)}"]
    lines += [f"failed: {describe(run.config)}: {run.message}" for run in result.failed]
    return "\n".join([*lines, *_left_out(result.left_out)])


def _left_out(combinations: Sequence[LeftOut]) -> list[str]:
    """Returns a line about the combinations of settings that are not run, if there are any."""
    if not combinations:
        return []
    first = combinations[0]
    named = " ".join(f"{name}={value}" for name, value in first.hyperparameters.items())
    how_many = f"{len(combinations)} combinations" if combinations[1:] else "1 combination"
    return [f"left out: {how_many} of settings, the first with {named}: {first.message}"]


def _expected(expected: Estimate) -> dict[str, Any]:
    return {
        "runs": expected.runs,
        "done": expected.done,
        "workers": expected.workers,
        "seconds": expected.seconds,
        "groups": [vars(group) for group in expected.groups],
        "left_out": [vars(one) for one in expected.left_out],
    }


def _forecast(expected: Estimate) -> str:
    from ..sweeps import duration

    lines = [
        f"{group.runs} x {_words(group)}: "
        f"{1000 * group.step_seconds:.3g} ms a step, {duration(group.run_seconds)} a run"
        for group in expected.groups
    ]
    done = f", of which {expected.done} are done" if expected.done else ""
    workers = f"{expected.workers} worker{'s' if expected.workers > 1 else ''}"
    lines.append(f"{expected.runs} runs{done}; about {duration(expected.seconds)} on {workers}")
    return "\n".join([*lines, *_left_out(expected.left_out)])


def _words(group: Group) -> str:
    """Returns what the runs of a group have in common."""
    named = [f"{name}={value}" for name, value in group.hyperparameters.items()]
    words = [group.problem, f"batch size {group.batch_size}", " ".join([group.optimizer, *named])]
    if group.precision != "fp32":
        words.append(group.precision)
    if group.gradient_accumulation_steps > 1:
        words.append(f"{group.gradient_accumulation_steps} micro-batches a step")
    return ", ".join(words)
