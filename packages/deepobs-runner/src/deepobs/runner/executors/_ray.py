"""Execution on Ray, on this machine or a cluster."""

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from ..common import UsageError, brief, number, whole
from ._base import SAVING_SECONDS, Event, Job, Outcome, Work, ignore_progress


class RayExecutor:
    """An executor that runs jobs as Ray tasks; see `Executor`. Needs the extra `ray`.

    Ray reuses its worker processes, so each imports torch once, and sets their devices and threads.
    A task whose node is lost ends as `lost`. Ray's own retries are disabled, so that a run is never
    executed twice at once.

    Args:
        work: The function that executes a job.
        address: A cluster's address, "auto" for the one around this process, or None for Ray's
            own choice: `RAY_ADDRESS` if set, else a new one on this machine.
        cpus: Number of cores per run.
        gpus: Number of GPUs per run; with 0.25 four runs share one. Default: 1 if the cluster
            has any, else 0.
        workers: Largest number of parallel runs; None is limited only by the cluster's resources.
    """

    def __init__(
        self,
        work: Work,
        *,
        address: str | None = None,
        cpus: float = 1,
        gpus: float | None = None,
        workers: int | None = None,
    ) -> None:
        if not isinstance(address, str | None):
            raise UsageError(f"address must be a cluster's address, not {brief(address)}.")
        number("cpus", cpus, least=0)
        if gpus is not None:
            number("gpus", gpus, least=0)
        if workers is not None:
            whole("workers", workers, least=1)
        try:
            import ray
        except ImportError as error:
            raise UsageError(
                "executor 'ray' needs Ray, which is not installed: "
                "pip install 'deepobs-runner[ray]'."
            ) from error
        self._ray = ray
        self._address = address
        self._workers = workers
        self._cpus = cpus
        self._gpus = gpus
        self._work = work
        self._queue: list[Job] = []
        self._running: dict[Any, Job] = {}
        self._started_ray = False

    def submit(self, job: Job) -> None:
        """Queues a job."""
        self._queue.append(job)

    def events(self) -> Iterator[Event]:
        """Yields outcomes until no job is left; there are no progress events."""
        while self._queue or self._running:
            self._start_tasks()
            ready, _ = self._ray.wait(list(self._running), num_returns=1)
            for reference in ready:
                job = self._running.pop(reference)
                yield job, self._outcome(reference)

    def __enter__(self) -> Self:
        """Connects to the cluster, or starts one on this machine."""
        if not self._ray.is_initialized():
            self._ray.init(address=self._address, log_to_driver=False, include_dashboard=False)
            self._started_ray = True
        gpus = self._gpus
        if gpus is None:
            resources = self._ray.cluster_resources()  # type: ignore[no-untyped-call] # Ray's
            gpus = min(1, resources.get("GPU", 0))
        self._remote = self._ray.remote(_task).options(
            num_cpus=self._cpus, num_gpus=gpus, max_retries=0
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancels running jobs, waits for their checkpoints, and disconnects if we connected."""
        for reference in self._running:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference)
        if self._running:
            running = list(self._running)
            self._ray.wait(running, num_returns=len(running), timeout=SAVING_SECONDS)
        self._running.clear()
        if self._started_ray:
            self._ray.shutdown()

    def _start_tasks(self) -> None:
        while self._queue and (self._workers is None or len(self._running) < self._workers):
            job = self._queue.pop(0)
            self._running[self._remote.remote(self._work, job)] = job

    def _outcome(self, reference: Any) -> Outcome:
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:  # before or after the run itself
            return Outcome(status="failed", message=f"Ray could not execute it: {error.cause!r}")
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[0]
            return Outcome(status="lost", message=f"its Ray worker was lost: {reason}", retry=True)
        return outcome


def _task(work: Work, job: Job) -> Outcome:
    return work(job, ignore_progress)
