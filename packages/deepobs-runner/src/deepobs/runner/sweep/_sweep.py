"""A sweep: all runs of a plan, each done once, a failing one at the cost of itself alone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from .._config import RunConfig
from ..results._store import ResultsStore
from ._executor import Executor, Job, Outcome, Progress
from ._executors import make_executor
from ._plan import read_plan
from ._progress import Monitor, make_monitor

_LONGEST_WAIT = 30.0  # seconds between two looks at runs that another process is doing


@dataclass(frozen=True, kw_only=True)
class SweptRun:
    """What became of one run of a sweep.

    Args:
        config: what defines the run.
        status: `finished` or `diverged` have a record; `done before` had one already; `pruned` was
            stopped by the tuner; `failed` has none, and `message` says why.
        message: why it failed, in one sentence.
        attempts: how often it was started, 0 if it was done before.
    """

    config: RunConfig
    status: Literal["finished", "diverged", "done before", "pruned", "failed"]
    message: str | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What became of a sweep.

    Args:
        runs: every run, in the plan's order.
        seconds: how long the sweep took.
    """

    runs: tuple[SweptRun, ...]
    seconds: float

    @property
    def failed(self) -> tuple[SweptRun, ...]:
        """The runs that have no record."""
        return tuple(run for run in self.runs if run.status == "failed")

    def count(self, status: str) -> int:
        """How many runs ended with a status."""
        return sum(run.status == status for run in self.runs)


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
) -> SweepResult:
    """Do all runs of a plan that are not done yet.

    A run that fails or whose worker dies is tried again, from its checkpoint if it has one, and
    reported if that does not help; the others go on. Several processes may sweep one folder: none
    does what another has done or is doing.

    Args:
        config: a YAML file, or what such a file holds; see `read_plan`.
        results: folder for the records.
        executor: `local` processes, `ray`, or `slurm`.
        workers: how many runs at once; by default one a GPU, else one a core, at most eight.
        device: device of every run, as for `run`.
        data_root: where the data sets are.
        checkpoint_every: as for `run`.
        retries: how often a run that failed is tried again.
        executor_options: more for the executor: arguments of `LocalExecutor`, `RayExecutor` or
            `SlurmExecutor`.
        progress: `auto` shows a live table on a terminal and lines otherwise; `lines`; `off`.

    Returns:
        What became of each run.

    Raises:
        UsageError: the plan, the folder or an argument is wrong; nothing has been started.

    Example:
        >>> plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": [0.1, 1.0]}
        >>> sweep(plan, results="results", workers=2).count("finished")  # doctest: +SKIP
        2
    """
    runs = read_plan(config)
    ready = make_executor(
        executor, workers=workers, device=device, results=results, options=executor_options or {}
    )
    options = {"device": device, "data_root": data_root, "checkpoint_every": checkpoint_every}
    return execute(
        runs, results=results, executor=ready, options=options, retries=retries, progress=progress
    )


def execute(
    runs: Sequence[RunConfig],
    *,
    results: str | Path,
    executor: Executor,
    options: Mapping[str, Any],
    retries: int = 2,
    progress: Literal["auto", "lines", "off"] = "auto",
) -> SweepResult:
    """Do those runs that have no record yet.

    Args:
        runs: the runs, each once.
        results: folder for the records.
        executor: who does them; entered and left here.
        options: how a run is executed: keyword arguments of `run_config`.
        retries: how often a run that failed is tried again.
        progress: see `sweep`.

    Raises:
        UsageError: nothing can be written to the folder, or a worker could not be given a run.
    """
    started = time.perf_counter()
    store = ResultsStore(results)
    store.check_writable()
    ended = {
        run.run_id: SweptRun(config=run, status="done before")
        for run in runs
        if store.find(run) is not None
    }
    jobs = [
        Job(config=run, options={**options, "results": results})
        for run in runs
        if run.run_id not in ended
    ]
    if jobs:
        with make_monitor(progress, total=len(jobs), skipped=len(ended)) as monitor, executor:
            for job, outcome in _drive(jobs, executor, monitor, retries):
                ended[job.config.run_id] = _swept(job, outcome)
    return SweepResult(
        runs=tuple(ended[run.run_id] for run in runs), seconds=time.perf_counter() - started
    )


def _drive(
    jobs: Sequence[Job], executor: Executor, monitor: Monitor, retries: int
) -> Iterator[tuple[Job, Outcome]]:
    """Yield how each job ended at last: retries those that may do better, waits for busy ones."""
    pause = 0.5
    while jobs:
        for job in jobs:
            executor.submit(job)
        busy: list[Job] = []
        for job, event in executor.events():
            again = isinstance(event, Outcome) and event.retry and job.attempt <= retries
            monitor.update(job, event, again=again)
            if isinstance(event, Progress):
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
