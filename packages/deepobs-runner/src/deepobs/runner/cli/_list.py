"""`deepobs list`: the test problems there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from deepobs.problems import Problem


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(as_json: bool) -> None:
    """List the test problems.

    A name is followed by its set in the paper (S small, L large), by + for newer problems that
    are not among the original 26, or by * for those that an installed package adds.
    """
    from deepobs.problems import LARGE_SET, PROBLEMS, SMALL_SET

    problems = list(PROBLEMS.values())
    if as_json:
        rows = [
            {
                "name": p.name,
                "description": p.description,
                "dataset": getattr(p.dataset, "name", None),
                "batch_size": p.batch_size,
                "epochs": p.epochs,
                "weight_decay": p.weight_decay,
                "set": "small" if p.name in SMALL_SET else "large" if p.name in LARGE_SET else None,
                "extra": p.extra or p.name not in PROBLEMS.ours,
                "plugged_in": p.name not in PROBLEMS.ours,
            }
            for p in problems
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    width = max(len(p.name) for p in problems)
    marks = [_mark(p) for p in problems]
    for p, mark in zip(problems, marks, strict=True):
        click.echo(f"{p.name:<{width}} {mark}  {p.description}")
    extras, plugged_in = marks.count("+"), marks.count("*")
    click.echo(
        f"\n{len(problems) - extras - plugged_in} problems of DeepOBS (S, L: the paper's small and "
        f"large set), {extras} more (+)" + (f", {plugged_in} plugged in (*)" if plugged_in else "")
    )


def _mark(problem: Problem) -> str:
    from deepobs.problems import LARGE_SET, PROBLEMS, SMALL_SET

    if problem.name not in PROBLEMS.ours:
        return "*"
    if problem.extra:
        return "+"
    return "S" if problem.name in SMALL_SET else "L" if problem.name in LARGE_SET else " "
