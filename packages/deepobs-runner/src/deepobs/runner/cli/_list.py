"""`deepobs list`: the test problems there are."""

from __future__ import annotations

import json

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(as_json: bool) -> None:
    """List the test problems.

    A name is followed by its set in the paper (S small, L large) or by + for problems that are not
    among the original 26.
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
                "extra": p.extra,
            }
            for p in problems
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    width = max(len(p.name) for p in problems)
    for p in problems:
        mark = (
            "+" if p.extra else "S" if p.name in SMALL_SET else "L" if p.name in LARGE_SET else " "
        )
        click.echo(f"{p.name:<{width}} {mark}  {p.description}")
    originals = sum(not p.extra for p in problems)
    click.echo(
        f"\n{originals} problems of DeepOBS (S, L: the paper's small and large set), "
        f"{len(problems) - originals} more (+)"
    )
