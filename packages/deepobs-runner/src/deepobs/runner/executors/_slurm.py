"""Execution as SLURM jobs through submitit, with a shared folder."""

import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..common import RunInterruptedError, UsageError, brief, unknown, whole
from ..training import requeue_signal
from ._base import Event, Job, Outcome, Work, ignore_progress

_CLUSTERS = ("slurm", "local")
_POLL_SECONDS = 1.0
_MOST_TIMEOUTS = 1000  # per job; submitit's default of 3 would end long runs


class SlurmExecutor:
    """An executor that runs jobs as a SLURM array; see `Executor`. Needs the extra `slurm`.

    A job that is preempted or reaches its time limit is requeued and resumes from its
    checkpoint.

    Args:
        work: The function that executes a job.
        folder: Folder of submitit's scripts and logs; shared by all machines.
        workers: Number of parallel array tasks.
        cpus: Number of cores per run.
        gpus: Number of GPUs per run.
        minutes: Time limit per run.
        parameters: Further parameters of submitit, such as `slurm_partition`.
        cluster: "slurm", or "local" for this machine.
    """

    def __init__(
        self,
        work: Work,
        *,
        folder: Path,
        workers: int = 8,
        cpus: int = 1,
        gpus: int = 0,
        minutes: int = 24 * 60,
        parameters: Mapping[str, Any] | None = None,
        cluster: str = "slurm",
    ) -> None:
        counts = {"workers": (workers, 1), "cpus": (cpus, 1), "gpus": (gpus, 0)}
        for name, (value, least) in {**counts, "minutes": (minutes, 1)}.items():
            whole(name, value, least=least)
        if not isinstance(parameters, Mapping | None):
            raise UsageError(
                f"parameters must be a mapping of submitit's parameters, not {brief(parameters)}."
            )
        if cluster not in _CLUSTERS:
            raise unknown("cluster", str(cluster), _CLUSTERS, "there are slurm and local.")
        try:
            import submitit
        except ImportError as error:
            raise UsageError(
                "executor 'slurm' needs submitit, which is not installed: "
                "pip install 'deepobs-runner[slurm]'."
            ) from error
        try:
            self._executor = submitit.AutoExecutor(
                folder=folder, cluster=cluster, slurm_max_num_timeout=_MOST_TIMEOUTS
            )
        except RuntimeError as error:
            raise UsageError(f"executor 'slurm' finds no SLURM here: {error}.") from error
        try:
            self._executor.update_parameters(
                name="deepobs",
                timeout_min=minutes,
                cpus_per_task=cpus,
                gpus_per_node=gpus,
                slurm_array_parallelism=workers,
                **(parameters or {}),
            )
        except (NameError, TypeError, ValueError, AssertionError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise UsageError(f"submitit refuses the parameters: {reason}.") from error
        self._is_slurm = self._executor.cluster == "slurm"
        self._workers = workers
        self._work = work
        self._queue: list[Job] = []
        self._running: list[tuple[Any, Job]] = []

    def submit(self, job: Job) -> None:
        """Queues a job; `events` submits the queued jobs as one array."""
        self._queue.append(job)

    def events(self) -> Iterator[Event]:
        """Yields outcomes until no job is left; there are no progress events."""
        while self._queue or self._running:
            self._start_array()
            ended = [pair for pair in self._running if pair[0].done()]
            for pair in ended:
                self._running.remove(pair)
                yield pair[1], _outcome(pair[0])
            if not ended:
                time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        """Does nothing: SLURM is already running."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancels jobs that are still queued or running."""
        for job, _ in self._running:
            job.cancel()
        self._running.clear()

    def _start_array(self) -> None:
        # SLURM limits an array's parallel tasks itself; submitit's local mode does not.
        room = None if self._is_slurm else self._workers - len(self._running)
        jobs, self._queue = self._queue[:room], self._queue[len(self._queue[:room]) :]
        if jobs:
            with self._executor.batch():
                started = [self._executor.submit(_Task(self._work), job) for job in jobs]
            self._running += zip(started, jobs, strict=True)


class _Task:
    """The callable that SLURM runs; submitit calls `checkpoint` on preemption or timeout."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, job: Job) -> Outcome:
        try:
            return self._work(job, ignore_progress)
        except RunInterruptedError as error:
            if signal.Signals(error.signal_number).name == requeue_signal():
                # The run has caught the signal and saved: let submitit's handler requeue the job.
                signal.raise_signal(error.signal_number)
            raise

    def checkpoint(self, job: Job) -> Any:
        import submitit

        return submitit.helpers.DelayedSubmission(self, job)


def _outcome(job: Any) -> Outcome:
    error = job.exception()
    if error is None:
        outcome: Outcome = job.result()
        return outcome
    reason = str(error).strip().splitlines()[0]
    return Outcome(status="lost", message=f"its SLURM job {job.job_id} ended: {reason}", retry=True)
