"""`deepobs run`: one run, from the command line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from ._options import (
    data_root_option,
    find_users_modules,
    log_every_option,
    loggers_option,
    pop_settings,
    setting_options,
)
from ._paths import ResultsPath

if TYPE_CHECKING:
    from ..results import Record


@click.command(name="run")
@click.argument("problem")
@click.argument("optimizer")
@setting_options()
@click.option(
    "--results",
    type=ResultsPath(),
    help="Folder for the record, or s3://, gs:// or az://BUCKET/FOLDER.",
)
@data_root_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps.")
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint.")
@click.option(
    "--checkpoint-every",
    type=float,
    metavar="SECONDS",
    help="Seconds between two checkpoints [default: 300].",
)
@click.option(
    "--compile",
    is_flag=False,
    flag_value="default",
    default="off",
    metavar="[MODE]",
    help="Compile model, loss and regularizer; reduce-overhead uses CUDA graphs.",
)
@click.option(
    "--channels-last", is_flag=True, help="Use the channels-last memory format for images."
)
@click.option(
    "--deterministic", is_flag=True, help="Raise an error for nondeterministic operations."
)
@click.option("--threads", type=int, help="CPU threads [default: 1 for a small problem, else all].")
@click.option("--keep-best", is_flag=True, help="Keep the best model's weights.")
@click.option(
    "--keep-checkpoint",
    is_flag=True,
    help="Keep the final checkpoint, to continue with more epochs.",
)
@click.option("--force", is_flag=True, help="Do the run again even if its record exists.")
@loggers_option
@log_every_option
@click.option(
    "--progress", default="auto", show_default=True, help="auto, bar, lines or off; on stderr."
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def command(
    problem: str,
    optimizer: str,
    *,
    loggers: tuple[str, ...],
    log_every: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Train PROBLEM with OPTIMIZER and record the results.

    OPTIMIZER is a name of torch.optim, such as SGD, or PACKAGE.MODULE.CLASS. On several devices:
    torchrun --nproc-per-node N -m deepobs.runner run ...
    """
    from .. import run
    from ..loggers import make_logger

    find_users_modules()
    record = run(
        problem,
        optimizer,
        **pop_settings(options),
        callbacks=[make_logger(name, options["results"], every=log_every) for name in loggers],
        **options,
    )
    if os.environ.get("RANK", "0") == "0":  # only the first of several processes prints
        outcome = {**_outcome(record), "done_before": record.was_done}
        click.echo(json.dumps(outcome) if as_json else _sentence(record, outcome))


def _outcome(record: Record) -> dict[str, Any]:
    """Returns the outcome as JSON, with the path of the full record."""
    content = record.to_dict()
    own = {
        f"{phase}_{name}": entry[phase]
        for name, entry in (content.get("metrics") or {}).items()
        for phase in ("train", "valid", "test")
        if phase in entry
    }
    last = {
        name: series[-1]
        for name, series in {**content, **own}.items()
        if name.startswith(("train_", "valid_", "test_")) and isinstance(series, list) and series
    }
    return {
        "record": None if record.path is None else str(record.path),
        "run_id": record.run_id,
        "status": record.status,
        "epochs": len(record.test_losses) - 1,
        "last": last,
    }


def _sentence(record: Record, outcome: dict[str, Any]) -> str:
    last = ", ".join(
        f"{_spelled(name)} {value:.4g}"
        for name, value in outcome["last"].items()
        if value is not None and "regularizers" not in name
    )
    where = f"\n{record.path}" if record.path else ""
    before = " (done before; --force repeats it)" if outcome["done_before"] else ""
    epochs = "1 epoch" if outcome["epochs"] == 1 else f"{outcome['epochs']} epochs"
    return f"{record.status} after {epochs}{before}: {last}{where}"


def _spelled(series: str) -> str:
    """Returns what the last value of a series is: "test loss" for `test_losses`."""
    single = series.replace("losses", "loss").replace("accuracies", "accuracy")
    return single.replace("_", " ")
