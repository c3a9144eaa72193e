"""Runs on Ray: this machine, a cluster or a cloud, whatever the address leads to."""

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from ..common import UsageError, number, whole
from ._base import SAVING_SECONDS, Event, Job, Outcome, Work, ignore_progress


class RayExecutor:
    """Runs jobs as Ray tasks; see `Executor`. Needs the extra `ray`.

    Ray reuses its worker processes, so torch is imported once for each of them, and sets their
    devices and threads. A task whose node is lost ends as `lost`; Ray itself repeats nothing, so
    that a run never goes on twice.

    Args:
        work: What a worker does with a job.
        address: A cluster's address, "auto" for the one around this process, or None for Ray's
            own choice: `RAY_ADDRESS` if set, else a new one on this machine.
        cpus: Cores of a run.
        gpus: GPUs of a run; 0.25 lets four runs share one. By default one where the cluster has
            any, else none.
        workers: How many runs at once at most; None leaves that to the cluster's resources.
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
            raise UsageError(f"address is a cluster's address, not {address!r}.")
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
        """Yields outcomes until no job is left; Ray passes no progress on."""
        while self._queue or self._running:
            self._start_tasks()
            ready, _ = self._ray.wait(list(self._running), num_returns=1)
            for reference in ready:
                job = self._running.pop(reference)
                yield job, self._outcome(reference)

    def __enter__(self) -> Self:
        """Join the cluster, or start one on this machine."""
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
        """Cancels what still runs, lets it save, and leaves the cluster if we joined it."""
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
            return Outcome(status="failed", message=f"Ray could not do it: {error.cause!r}")
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[0]
            return Outcome(status="lost", message=f"its Ray worker was lost: {reason}", retry=True)
        return outcome


def _task(work: Work, job: Job) -> Outcome:
    return work(job, ignore_progress)
