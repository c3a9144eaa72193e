"""`deepobs benchmark`: measure optimizers on several problems and compare them."""

from __future__ import annotations

import json
import math
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from ._options import execution_options, find_users_modules, pairs
from ._paths import UserPath

if TYPE_CHECKING:
    from ..benchmarks import BenchmarkCost, BenchmarkPlan, BenchmarkResult

_MOST_RUNS = 10_000  # without --yes


@click.command(name="benchmark")
@click.argument("optimizers", nargs=-1, required=True, metavar="OPTIMIZER...")
@click.option(
    "--against",
    default="",
    metavar="A,B,…",
    help="Optimizers to compare with, searched over the spaces of `deepobs optimizers`; "
    "`references` for all optimizers with matching results in deepobs-baselines.",
)
@click.option(
    "--set",
    "problems",
    default="laptop",
    show_default=True,
    metavar="SET|PROBLEM,…",
    help="laptop, small, large, names of problems, or package.module:NAME for your own.",
)
@click.option(
    "--space",
    multiple=True,
    metavar="NAME=RANGE",
    help="Search space of OPTIMIZER: lr=log:1e-4:1, momentum=choice:0.9,0.99, 1-log:LOW:HIGH, "
    "uniform:LOW:HIGH, int:LOW:HIGH; repeatable. By default that of `deepobs optimizers`.",
)
@click.option(
    "--fix",
    multiple=True,
    metavar="NAME=VALUE",
    help="A hyperparameter of all runs of OPTIMIZER; repeatable.",
)
@click.option(
    "--protocol",
    default="tuned-20",
    show_default=True,
    help="tuned-20, deepobs-2019, algoperf-external, untuned or demo.",
)
@click.option(
    "--budget",
    metavar="N [UNIT]",
    help='Budget of each search instead of the protocol\'s: 10, "2e5 gradients", "3600 seconds".',
)
@click.option(
    "--lengths",
    metavar="A,B,…",
    help="Lengths of the runs instead of the protocol's, as multiples of the problem's own.",
)
@click.option(
    "--references",
    type=UserPath(),
    multiple=True,
    help="A bundle or folder whose results are reused where they match; repeatable "
    "[default: those of deepobs-baselines, if it is installed].",
)
@execution_options
@click.option("--dry-run", is_flag=True, help="Only print runs, hours and energy.")
@click.option("--yes", is_flag=True, help="Allow more than 10,000 runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_context
def command(
    context: click.Context,
    /,
    optimizers: tuple[str, ...],
    *,
    against: str,
    fix: tuple[str, ...],
    lengths: str | None,
    executor_options: tuple[str, ...],
    references: tuple[Path, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Measure each OPTIMIZER on several problems, and compare them.

    For each problem, the best setting is searched for on validation data and repeated with fresh
    seeds; then the report is written. After an interruption, the same command continues.
    """
    from .. import benchmark
    from ..benchmarks import estimate_cost, prepare

    find_users_modules()
    arguments: dict[str, Any] = {
        **options,
        "against": [name.strip() for name in against.split(",") if name.strip()],
        "hyperparameters": pairs("--fix", fix),
        "references": references or None,
        "lengths": None if lengths is None else _numbers(lengths),
        "executor_options": pairs("--option", executor_options),
    }
    plan = prepare(list(optimizers), **arguments)
    _check_size(plan, yes=yes or dry_run)
    if dry_run:
        cost = estimate_cost(plan)
        click.echo(json.dumps(_cost(cost)) if as_json else _forecast(cost))
        return
    result = benchmark(list(optimizers), **arguments)
    click.echo(json.dumps(_outcome(result)) if as_json else "\n".join(outcome_lines(result)))
    if result.failed:
        context.exit(1)


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise click.UsageError(
            f"--lengths {text} is not a list of numbers; expected for instance 0.5,1,2."
        ) from None


def _check_size(plan: BenchmarkPlan, *, yes: bool) -> None:
    if plan.num_runs > _MOST_RUNS and not yes:
        raise click.UsageError(
            f"The benchmark has {plan.num_runs:,} runs, more than {_MOST_RUNS:,}; if that is "
            "intended, confirm it with --yes."
        )


def _cost(cost: BenchmarkCost) -> dict[str, Any]:
    energy = cost.kilowatt_hours
    return {
        "runs": cost.runs,
        "done": cost.done,
        "workers": cost.workers,
        "seconds": cost.seconds,
        "kilowatt_hours": None if math.isnan(energy) else energy,
        "searches": [
            {**held.entry._asdict(), "runs": held.runs, "run_seconds": held.run_seconds}
            for held in cost.searches
        ],
    }


def _forecast(cost: BenchmarkCost) -> str:
    from ..sweeps import duration

    lines = [
        f"{held.entry.problem}, {held.entry.method}: {held.runs} runs, "
        + ("taken over" if held.taken_over else f"{duration(held.run_seconds)} each")
        for held in cost.searches
    ]
    done = f", of which {cost.done} are done" if cost.done else ""
    workers = f"{cost.workers} worker{'s' if cost.workers > 1 else ''}"
    lines.append(f"{cost.runs} runs{done}; about {duration(cost.seconds)} on {workers}")
    if math.isnan(cost.kilowatt_hours):
        lines.append("energy: the processor's counters cannot be read here")
    else:
        lines.append(f"energy: about {cost.kilowatt_hours:.2g} kWh of the processors")
    return "\n".join(lines)


def _outcome(result: BenchmarkResult) -> dict[str, Any]:
    from ..report import gather, report_numbers

    reports = {f"{length:g}": path for length, path in result.reports.items()}
    return {
        "protocol": result.plan.protocol.to_dict(),
        "seconds": result.seconds,
        "failed": [entry._asdict() for entry in result.failed],
        "reports": {length: str(path) for length, path in reports.items()},
        "numbers": {
            length: report_numbers(gather(path.parent).study) for length, path in reports.items()
        },
    }


def outcome_lines(result: BenchmarkResult) -> list[str]:
    """Returns the outcome of a benchmark in lines: verdicts, failures, and the report's path."""
    from ..report import gather, overall_verdict, verdicts
    from ..sweeps import duration

    lines = []
    for length, path in result.reports.items():
        study = gather(path.parent).study
        if len(result.reports) > 1:
            lines.append(f"{length:g} × the problems' lengths:")
        said = [found.say for found in verdicts(study)]
        lines += said if len(said) == 1 else [*said, overall_verdict(study)]
    lines += _score_lines(result)
    lines += [f"failed: {', '.join(map(str, entry[:2]))}" for entry in result.failed]
    lines.append(f"Protocol {result.plan.protocol.name}; {duration(result.seconds)}.")
    lines += [f"Open {Path(path).resolve()} in a browser." for path in result.reports.values()]
    return lines


def _score_lines(result: BenchmarkResult) -> list[str]:
    """Returns AlgoPerf's score in lines, if the protocol ranks by the time to a target."""
    from ..benchmarks import algoperf_score, study_times
    from ..report import gather
    from ..results import SEARCH_PREFIX

    lines = []
    for length, path in result.reports.items() if result.plan.protocol.score == "target" else ():
        ours = {e: held for e, held in result.searches.items() if e.length == length}
        names = {
            PurePath(held.path).stem.removeprefix(SEARCH_PREFIX): e.method
            for e, held in ours.items()
        }
        times = study_times(gather(path.parent).study.frame, names)
        without = [name for name in result.plan.problems if name not in times.index]
        scores = algoperf_score(times).sort_values(ascending=False)
        said = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        lines.append(f"AlgoPerf's score on {len(times)} problems: {said}.")
        if without:
            lines.append(f"Without a target, and left out: {', '.join(without)}.")
    return lines
