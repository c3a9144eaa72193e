"""Runs one after the other in the calling process, for notebooks and debuggers."""

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ._base import Event, Job, JobProgress, Work


class InProcessExecutor:
    """Does each job in the calling process, one after the other; see `Executor`.

    Nothing is sent anywhere, so a class that a notebook cell defines works, a debugger stops in
    it, and there is no start-up time. A crash or an endless loop takes the caller along.

    Args:
        work: What is done with a job.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._queue: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Queues a job."""
        self._queue.append(job)

    def events(self) -> Iterator[Event]:
        """Does the queued jobs; yields each one's progress once it has ended, then its outcome."""
        while self._queue:
            job = self._queue.popleft()
            said: list[JobProgress] = []
            outcome = self._work(job, said.append)
            yield from ((job, progress) for progress in said)
            yield job, outcome

    def __enter__(self) -> Self:
        """Starts nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Forgets what is queued."""
        self._queue.clear()
