"""The execution of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ..common import whole
from ..executors import available_cores, default_workers
from ..training import Callback
from ._dry_run import Estimate, estimate
from ._execution import Execution
from ._plan import read_plan
from ._swept import SweepResult


def sweep(
    config: str | Path | Mapping[str, Any],
    *,
    results: str | Path,
    executor: Literal["local", "ray", "slurm"] = "local",
    workers: int | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    checkpoint_every: float | None = None,
    retries: int = 2,
    executor_options: Mapping[str, Any] | None = None,
    progress: Literal["auto", "lines", "off"] = "auto",
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[str] = (),
    log_every: int | None = None,
    yes: bool = False,
) -> SweepResult:
    """Executes all runs of a plan that have no record yet.

    A run that fails or whose worker dies is retried, from its checkpoint if it has one; the other
    runs are not affected. Several processes can work on one results folder: no run is executed
    twice.

    Args:
        config: A YAML file, or its content as a mapping; see `read_plan`.
        results: Folder for the records.
        executor: `local` processes, `ray`, or `slurm`.
        workers: Number of parallel runs; default: one per GPU, else one per core, at most eight.
            With 0, runs are executed sequentially in this process, for example in a debugger.
        device: Device of every run, as for `run`.
        data_root: Folder of the data sets.
        checkpoint_every: As for `run`.
        retries: Number of retries of a failed run.
        executor_options: Arguments of `LocalExecutor`, `RayExecutor` or
            `SlurmExecutor`.
        progress: `auto` shows a live table on a terminal and lines otherwise; `lines`; `off`.
        callbacks: Callbacks of each run, pickled and called in the workers.
        loggers: Names of loggers for every run: `tensorboard`, `wandb`, `mlflow`.
        log_every: Steps between two training losses that loggers log; None logs none.
        yes: Whether to allow a plan of more than 10,000 runs.

    Returns:
        The outcome of each run.

    Raises:
        UsageError: If the plan, the folder or an argument is wrong; nothing has been started.

    Example:
        >>> plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": [0.1, 1.0]}
        >>> sweep(plan, results="results", workers=0).count("finished")
        2
    """
    execution = Execution(
        results=results,
        executor=executor,
        workers=workers,
        device=device,
        data_root=data_root,
        checkpoint_every=checkpoint_every,
        retries=retries,
        executor_options=executor_options or {},
        progress=progress,
        callbacks=callbacks,
        loggers=loggers,
        log_every=log_every,
    )
    ready = execution.make_executor()  # local workers import torch while the plan is being read
    plan = read_plan(config, yes=yes)
    with ready:
        return replace(execution.run_all(plan.runs, ready), left_out=plan.left_out)


def dry_run(
    config: str | Path | Mapping[str, Any],
    *,
    results: str | Path,
    workers: int | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    yes: bool = False,
) -> Estimate:
    """Checks a plan, counts its runs and times a few steps of each group; writes nothing.

    Args:
        config: As for `sweep`.
        results: Folder that may contain records of some of the runs.
        workers: Number of parallel runs.
        device: Device of every run.
        data_root: Folder of the data sets.
        yes: As for `sweep`.

    Returns:
        The number of runs and their estimated duration.

    Raises:
        UsageError: If the plan or an argument is wrong.
        OptimizerError: If an optimizer raised an error in its step.
    """
    workers = default_workers(device) if workers is None else whole("workers", workers, least=0)
    workers = max(1, workers)
    plan = read_plan(config, yes=yes)
    expected = estimate(
        plan.runs,
        results=results,
        workers=workers,
        threads=max(1, available_cores() // workers),
        device=device,
        data_root=data_root,
    )
    return replace(expected, left_out=plan.left_out)
