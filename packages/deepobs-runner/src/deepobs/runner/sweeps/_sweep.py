"""A sweep: all runs of a plan, each done once, a failing one at the cost of itself alone."""

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
from ._plan import read_plan

_LONGEST_WAIT = 30.0  # seconds between two looks at runs that another process is doing


@dataclass(frozen=True, kw_only=True)
class SweptRun:
    """What became of one run of a sweep.

    Attributes:
        config: What defines the run.
        status: `finished` or `diverged` have a record; `done before` had one already; `pruned` was
            stopped by the tuner; `failed` has none, and `message` says why.
        message: Why it failed or was pruned, in words; None for the others.
        attempts: How often it was started, 0 if it was done before.
    """

    config: RunConfig
    status: Literal["finished", "diverged", "done before", "pruned", "failed"]
    message: str | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What became of a sweep.

    Attributes:
        runs: Every run, in the plan's order.
        seconds: How long the sweep took.
    """

    runs: tuple[SweptRun, ...]
    seconds: float

    @property
    def failed(self) -> tuple[SweptRun, ...]:
        """The runs that have no record."""
        return tuple(run for run in self.runs if run.status == "failed")

    def count(self, status: str) -> int:
        """Returns how many runs ended with a status."""
        return sum(run.status == status for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How runs are executed; see `sweep` for its fields. Checks itself."""

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
        """Refuses what would only be noticed by the workers.

        Raises:
            UsageError: An argument is wrong.
        """
        if self.executor == "local":  # elsewhere the machines that train have the devices
            choose_device(self.device)
        check_progress(self.progress)
        whole("retries", self.retries, least=0)
        for name in self.loggers:  # an unknown or missing one is refused before anything starts
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
        """Returns how many runs go on at once, as far as this process can tell."""
        return default_workers(self.device) if self.workers is None else max(1, self.workers)

    def run_all(
        self, runs: Sequence[RunConfig], executor: Executor, *, callbacks: Sequence[Callback] = ()
    ) -> SweepResult:
        """Does those runs that have no record yet.

        Args:
            runs: The runs, each once.
            executor: Who does them; already entered, and left to the caller.
            callbacks: Told how each run goes, in the worker; they are sent there by pickling.

        Raises:
            UsageError: The folder cannot be written, or a worker could not be given a run.
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
    """Does all runs of a plan that are not done yet.

    A run that fails or whose worker dies is tried again, from its checkpoint if it has one, and
    reported if that does not help; the others go on. Several processes may sweep one folder: none
    does what another has done or is doing.

    Args:
        config: A YAML file, or what such a file holds; see `read_plan`.
        results: Folder for the records.
        executor: `local` processes, `ray`, or `slurm`.
        workers: How many runs at once; by default one a GPU, else one a core, at most eight. With
            0, runs go on one after the other in this process, as a debugger may need.
        device: Device of every run, as for `run`.
        data_root: Where the data sets are.
        checkpoint_every: As for `run`.
        retries: How often a run that failed is tried again.
        executor_options: More for the executor: arguments of `LocalExecutor`, `RayExecutor` or
            `SlurmExecutor`.
        progress: `auto` shows a live table on a terminal and lines otherwise; `lines`; `off`.
        callbacks: Called in the workers while each run is under way; they are sent by pickling.
        loggers: Names of loggers for every run: `tensorboard`, `wandb`, `mlflow`.
        log_every: Steps between two training losses that loggers log; None logs none.
        yes: Whether a plan of more than 10,000 runs is meant; it is refused otherwise.

    Returns:
        What became of each run.

    Raises:
        UsageError: The plan, the folder or an argument is wrong; nothing has been started.

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
    ready = execution.make_executor()  # local workers import torch while the plan is read
    runs = read_plan(config, yes=yes)
    with ready:
        return execution.run_all(runs, ready)


def dry_run(
    config: str | Path | Mapping[str, Any],
    *,
    results: str | Path,
    workers: int | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    yes: bool = False,
) -> Estimate:
    """Checks a plan, counts its runs and times a few steps of each kind of them; writes nothing.

    Args:
        config: As for `sweep`.
        results: Folder that may hold records of some runs.
        workers: How many runs would go on at once.
        device: Device of every run.
        data_root: Where the data sets are.
        yes: As for `sweep`.

    Returns:
        Numbers of runs, and how long they would take.

    Raises:
        UsageError: The plan or an argument is wrong.
        OptimizerError: An optimizer raised an error in its step.
    """
    workers = default_workers(device) if workers is None else whole("workers", workers, least=0)
    workers = max(1, workers)
    runs = read_plan(config, yes=yes)
    return estimate(
        runs,
        results=results,
        workers=workers,
        threads=max(1, available_cores() // workers),
        device=device,
        data_root=data_root,
    )


def _drive(
    jobs: Sequence[Job], executor: Executor, monitor: Monitor, retries: int
) -> Iterator[tuple[Job, Outcome]]:
    """Yields how each job ended at last: retries those that may do better, waits for busy ones."""
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
        if jobs:  # other processes are doing them, or die trying
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT)


def _swept(job: Job, outcome: Outcome) -> SweptRun:
    status: Any = "failed" if outcome.status == "lost" else outcome.status
    return SweptRun(config=job.config, status=status, message=outcome.message, attempts=job.attempt)
