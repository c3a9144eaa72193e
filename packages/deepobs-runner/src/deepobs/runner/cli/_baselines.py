"""`deepobs baselines`: the results published with DeepOBS."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_NOTE = (
    "Published with DeepOBS (Schneider et al., ICLR 2019; MIT): TensorFlow 1, losses with the "
    "L2 term, learning rates chosen on test data."
)


@click.command("baselines")
@click.argument("problems", nargs=-1, metavar="[PROBLEM]...")
@click.option("--runs", is_flag=True, help="List every run, not only the tuned settings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(problems: tuple[str, ...], runs: bool, as_json: bool) -> None:
    """Show the 1,080 published baseline runs.

    Eight problems, three optimizers, 36 learning rates with seed 42 and the best again with seeds
    43-51. Shown are the tuned settings: mean and standard deviation of the final values over ten
    seeds.
    """
    from ..results.reading import load_baselines

    frame = load_baselines()
    _check(problems, sorted(frame["problem"].unique()))
    if problems:
        frame = frame[frame["problem"].isin(problems)]
    rows = _all_runs(frame) if runs else _tuned(frame)
    if as_json:
        click.echo(json.dumps([_strict(row) for row in rows], indent=1))
    elif runs:
        _print(rows, ["problem", "optimizer", "learning_rate", "seed", "status", *_VALUES])
    else:
        columns = ["problem", "optimizer", "learning_rate", *_VALUES, "epochs_to_target", "flags"]
        _print([_with_spread(row) for row in rows], columns)
        click.echo(_NOTE)


_WIDE = 200  # columns, which every table fits into
_VALUES = ["test_loss", "test_accuracy"]


def _check(problems: tuple[str, ...], names: list[str]) -> None:
    from ..common import unknown

    for problem in problems:
        if problem not in names:
            otherwise = f"there are {', '.join(names)}"
            raise unknown("problem among the baselines", problem, names, otherwise)


def _tuned(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns one row per problem and optimizer: its tuned setting and how it did."""
    from .. import analysis

    tuned = analysis.tuned_settings(frame)
    best = analysis.tuned_runs(frame, tuned)
    flags = analysis.group_flags(frame, tuned).set_index(["problem", "method"])["flags"]
    targets = analysis.target_table(best).set_index(["problem", "method"])["epochs_to_target"]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for summary in analysis.summary_table(frame, tuned=tuned).to_dict("records"):
        key = (summary["problem"], summary["method"])
        row = rows.setdefault(
            key,
            {
                "problem": key[0],
                "optimizer": key[1].removesuffix(" (baseline)"),
                "learning_rate": summary["learning_rate"],
                "num_runs": summary["num_runs"],
                "epochs_to_target": float(targets.get(key, math.nan)),
                "flags": list(flags[key]),
            },
        )
        row[summary["metric"]] = {"mean": summary["mean"], "std": summary["std"]}
    return list(rows.values())


def _all_runs(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = ["run_id", "problem", "optimizer", "learning_rate", "seed", "status", "num_epochs"]
    final = frame[frame["epoch"] == frame["num_epochs"]]
    return [
        {str(name): value for name, value in row.items()}
        for row in final[[*names, *_VALUES]].to_dict("records")
    ]


def _with_spread(row: dict[str, Any]) -> dict[str, Any]:
    spread = {
        name: f"{row[name]['mean']:.4g} ± {row[name]['std']:.2g}" for name in _VALUES if name in row
    }
    return row | spread | {"flags": ", ".join(row["flags"])}


def _table(rows: list[dict[str, Any]], columns: list[str], *, grouped: bool = False) -> Table:
    """Returns the rows as a table in which no number wraps.

    Args:
        rows: Values by column.
        columns: The columns, the problem first.
        grouped: Whether a problem has a line of its own in place of a column, for a narrow
            terminal.

    Returns:
        The table.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in columns[grouped:]:
        head = name.replace("_rate", "\nrate").replace("_to_", "\nto\n").replace("_", " ")
        table.add_column(head, no_wrap=True)
    for place, row in enumerate(rows):
        if grouped and (place == 0 or row["problem"] != rows[place - 1]["problem"]):
            table.add_row(Text(row["problem"], style="bold"))
        table.add_row(*(Text(_cell(row.get(name))) for name in columns[grouped:]))
    return table


def _print(rows: list[dict[str, Any]], columns: list[str]) -> None:
    from rich.console import Console

    # Into a pipe or a file goes the whole table, however narrow the terminal is.
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    table = _table(rows, columns)
    needed = console.measure(table, options=console.options.update(width=_WIDE)).maximum
    if needed <= console.width:
        console.print(table)
        return
    console.print(_table(rows, [name for name in columns if name != "flags"], grouped=True))
    for row in rows:
        if row.get("flags"):
            console.print(f"{row['problem']} {row['optimizer']}: {row['flags']}")


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _strict(value: Any) -> Any:
    """Returns the value with null for numbers that strict JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
