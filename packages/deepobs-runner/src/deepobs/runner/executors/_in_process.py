"""Sequential execution in the calling process, for notebooks and debuggers."""

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ._base import Event, Job, JobProgress, Work


class InProcessExecutor:
    """An executor that runs jobs one by one in the calling process; see `Executor`.

    Nothing is pickled, so classes defined in a notebook cell work, debuggers stop in them, and
    there is no start-up time. A crash or an endless loop affects the caller.

    Args:
        work: The function that executes a job.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._queue: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Queues a job."""
        self._queue.append(job)

    def events(self) -> Iterator[Event]:
        """Executes the queued jobs; yields each one's progress and outcome once it has ended."""
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
        """Drops the queued jobs."""
        self._queue.clear()
