"""The queue of jobs before an executor."""

import heapq
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..config import RunConfig
from ..executors import Executor, Job, JobProgress, Outcome
from ._monitor import Monitor

_FIRST_WAIT = 0.5  # seconds between two checks for runs of other processes
_LONGEST_WAIT = 30.0


class JobQueue:
    """A queue that gives an executor its jobs, retries them, and waits for busy ones.

    Args:
        executor: The executor.
        monitor: The progress display.
        retries: Number of retries of a failed job.
        at_once: Largest number of jobs that the executor has; None for all.
    """

    def __init__(
        self, executor: Executor, monitor: Monitor, *, retries: int, at_once: int | None
    ) -> None:
        self._executor = executor
        self._monitor = monitor
        self._retries = retries
        self._at_once = at_once
        self._waiting: list[tuple[int, int, Job]] = []  # a heap
        self._numbers = itertools.count()
        self._busy: list[tuple[int, Job]] = []  # other processes are executing them
        self._places: dict[str, int] = {}  # of the jobs that the executor has
        self._messages: dict[str, str | None] = {}  # of the last failure of each job

    def add(self, place: int, jobs: Sequence[Job], done: Sequence[RunConfig] = ()) -> None:
        """Adds jobs. May be called while `outcomes` is iterated over.

        Args:
            place: Jobs of a lower place go first.
            jobs: The jobs.
            done: Runs of the same plan that have a record.
        """
        self._monitor.expect([job.config for job in jobs], done)
        for job in jobs:
            heapq.heappush(self._waiting, (place, next(self._numbers), job))

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """Yields the final outcome of each job, until none is left."""
        pause = _FIRST_WAIT
        while self._waiting or self._busy:
            if not self._waiting:
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_WAIT)
            for place, job in self._busy:
                heapq.heappush(self._waiting, (place, next(self._numbers), job))
            self._busy.clear()
            self._hand_over()
            for job, event in self._executor.events():
                again = isinstance(event, Outcome) and self._tries_again(job, event)
                self._monitor.update(job, event, again=again)
                if isinstance(event, JobProgress):
                    continue
                if again:
                    self._executor.submit(replace(job, attempt=job.attempt + 1))
                    continue
                place = self._places.pop(job.config.run_id)
                if event.status == "busy":
                    self._busy.append((place, job))
                else:
                    yield job, event
                self._hand_over()

    def _tries_again(self, job: Job, outcome: Outcome) -> bool:
        """Returns whether to retry: not after the same failure twice, which would come again."""
        again = outcome.retry and job.attempt <= self._retries
        if again and outcome.status == "failed":
            again = self._messages.get(job.config.run_id) != outcome.message
            self._messages[job.config.run_id] = outcome.message
        return again

    def _hand_over(self) -> None:
        """Gives the executor jobs, the first ones first, as far as it takes them."""
        while self._waiting and (self._at_once is None or len(self._places) < self._at_once):
            place, _, job = heapq.heappop(self._waiting)
            self._places[job.config.run_id] = place
            self._executor.submit(job)
