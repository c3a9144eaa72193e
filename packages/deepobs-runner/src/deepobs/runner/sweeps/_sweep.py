"""The execution of a sweep."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..common import number, whole
from ..config import RunConfig
from ..executors import (
    Executor,
    Job,
    JobProgress,
    Outcome,
    available_cores,
    default_workers,
    make_executor,
)
from ..loggers import make_logger
from ..results import ResultsStore
from ..training import Callback, choose_device
from ._dry_run import Estimate, estimate
from ._monitor import Monitor, check_progress, make_monitor
from ._plan import LeftOut, read_plan

_LONGEST_WAIT = 30.0  # seconds between two checks for runs of other processes


@dataclass(frozen=True, kw_only=True)
class SweptRun:
    """The outcome of one run of a sweep.

    Attributes:
        config: What defines the run.
        status: `finished` or `diverged` have a record; `done before` had one already; `pruned` was
            stopped by the tuner; `failed` has none, and `message` says why.
        message: Why it failed or was pruned; None for other runs.
        attempts: Number of attempts; 0 if it was done before.
    """

    config: RunConfig
    status: Literal["finished", "diverged", "done before", "pruned", "failed"]
    message: str | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The outcome of a sweep.

    Attributes:
        runs: All runs, in the order of the plan.
        seconds: Duration of the sweep.
        left_out: The combinations of settings that an optimizer refuses.
    """

    runs: tuple[SweptRun, ...]
    seconds: float
    left_out: Sequence[LeftOut] = ()

    @property
    def failed(self) -> tuple[SweptRun, ...]:
        """The runs without a record."""
        return tuple(run for run in self.runs if run.status == "failed")

    def count(self, status: str) -> int:
        """Returns the number of runs with a status."""
        return sum(run.status == status for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The execution options of runs, checked; see `sweep` for the fields."""

    results: str | Path
    executor: str = "local"
    workers: int | None = None
    device: str = "auto"
    data_root: str | Path | None = None
    checkpoint_every: float | None = None
    retries: int = 2
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    progress: str = "auto"
    callbacks: Sequence[Callback] = ()
    loggers: Sequence[str] = ()
    log_every: int | None = None

    def __post_init__(self) -> None:
        """Checks the options, so that errors do not first occur in the workers.

        Raises:
            UsageError: If an argument is wrong.
        """
        if self.executor == "local":  # other executors train on other machines
            choose_device(self.device)
        check_progress(self.progress)
        whole("retries", self.retries, least=0)
        for name in self.loggers:  # report an unknown or missing one before anything starts
            make_logger(name, self.results, every=self.log_every)
        if self.checkpoint_every is not None:
            number("checkpoint_every", self.checkpoint_every, least=0.0)

    def make_executor(self) -> Executor:
        """Returns an executor, ready to be entered once."""
        return make_executor(
            self.executor,
            workers=self.workers,
            device=self.device,
            results=self.results,
            options=self.executor_options,
        )

    def workers_at_once(self) -> int:
        """Returns the number of parallel runs, as far as it is known to this process."""
        return default_workers(self.device) if self.workers is None else max(1, self.workers)

    def run_all(
        self, runs: Sequence[RunConfig], executor: Executor, *, callbacks: Sequence[Callback] = ()
    ) -> SweepResult:
        """Executes the runs without a record.

        Args:
            runs: The runs, without duplicates.
            executor: The executor, entered and exited by the caller.
            callbacks: Callbacks of each run, pickled and called in the worker.

        Raises:
            UsageError: If the folder is not writable, or a run cannot be sent to a worker.
        """
        started = time.perf_counter()
        store = ResultsStore(self.results)
        store.check_writable()
        done = {run.run_id: run for run in runs if store.find(run) is not None}
        ended = {key: SweptRun(config=run, status="done before") for key, run in done.items()}
        names = ("results", "device", "data_root", "checkpoint_every", "loggers", "log_every")
        options = {name: getattr(self, name) for name in names}
        options["callbacks"] = (*self.callbacks, *callbacks)
        jobs = [Job(config=run, options=options) for run in runs if run.run_id not in done]
        if jobs:
            monitor = make_monitor(self.progress, total=len(jobs), skipped=len(done))
            with monitor:
                for job, outcome in _drive(jobs, executor, monitor, self.retries):
                    ended[job.config.run_id] = _swept(job, outcome)
        return SweepResult(
            runs=tuple(ended[run.run_id] for run in runs), seconds=time.perf_counter() - started
        )


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
        config: A YAML file, or what such a file holds; see `read_plan`.
        results: Folder for the records.
        executor: `local` processes, `ray`, or `slurm`.
        workers: Number of parallel runs; default: one per GPU, else one per core, at most eight.
            With 0, runs are executed sequentially in this process, for example in a debugger.
        device: Device of every run, as for `run`.
        data_root: Where the data sets are.
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
        data_root: Where the data sets are.
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


def _drive(
    jobs: Sequence[Job], executor: Executor, monitor: Monitor, retries: int
) -> Iterator[tuple[Job, Outcome]]:
    """Yields the final outcome of each job, after retries and after waiting for busy ones."""
    pause = 0.5
    while jobs:
        for job in jobs:
            executor.submit(job)
        busy: list[Job] = []
        for job, event in executor.events():
            again = isinstance(event, Outcome) and event.retry and job.attempt <= retries
            monitor.update(job, event, again=again)
            if isinstance(event, JobProgress):
                continue
            if again:
                executor.submit(replace(job, attempt=job.attempt + 1))
            elif event.status == "busy":
                busy.append(job)
            else:
                yield job, event
        jobs = busy
        if jobs:  # other processes are executing them
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT)


def _swept(job: Job, outcome: Outcome) -> SweptRun:
    status: Any = "failed" if outcome.status == "lost" else outcome.status
    return SweptRun(config=job.config, status=status, message=outcome.message, attempts=job.attempt)
