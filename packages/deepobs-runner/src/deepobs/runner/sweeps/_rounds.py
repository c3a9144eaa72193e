"""Rounds of runs of several searches, which share an executor."""

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from ..config import RunConfig
from ..executors import Job
from ..results import Address, ResultsStore
from ..training import Callback
from ._queue import JobQueue
from ._swept import SweptRun, swept

_Answer = TypeVar("_Answer")
_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Round:
    """Runs that a search needs before it can go on.

    Attributes:
        runs: The runs, without duplicates.
        callbacks: Callbacks of each run, pickled and called in the worker.
    """

    runs: Sequence[RunConfig]
    callbacks: Sequence[Callback] = ()


#: A search: yields rounds, is resumed with how the runs of each ended, in their order.
Rounds: TypeAlias = Generator[Round, Sequence[SweptRun], _Answer]

MakeJob: TypeAlias = Callable[[RunConfig, Address, Sequence[Callback]], Job]


@dataclass(eq=False)
class _Lane(Generic[_Name, _Answer]):
    """A search in progress: its round and the runs of it that have not ended."""

    place: int
    name: _Name
    rounds: Rounds[_Answer]
    round: Round = field(default_factory=lambda: Round(runs=()))
    open: set[str] = field(default_factory=set)


class Lanes(Generic[_Name, _Answer]):
    """Searches side by side. A run that several of them need is executed once.

    Args:
        rounds: The searches by name, those that go first first.
        stores: The results folder of each search.
        queue: The queue of jobs.
        make_job: Returns the job of a run, with its results folder and callbacks.
    """

    def __init__(
        self,
        rounds: Mapping[_Name, Rounds[_Answer]],
        stores: Mapping[_Name, ResultsStore],
        queue: JobQueue,
        make_job: MakeJob,
    ) -> None:
        self._lanes = [
            _Lane(place, name, held) for place, (name, held) in enumerate(rounds.items())
        ]
        self._stores = stores
        self._queue = queue
        self._make_job = make_job
        self._ended: dict[str, SweptRun] = {}
        self._users: dict[str, list[_Lane[_Name, _Answer]]] = {}  # of the runs that have not ended
        self._answers: dict[_Name, _Answer] = {}

    def run(self) -> dict[_Name, _Answer]:
        """Executes all rounds; returns what each search returned."""
        for lane in self._lanes:
            self._advance(lane, begin=True)
        for job, outcome in self._queue.outcomes():
            run = job.config.run_id
            self._ended[run] = swept(job, outcome)
            for lane in self._users.pop(run):
                lane.open.remove(run)
                if not lane.open:
                    self._advance(lane)
        return {lane.name: self._answers[lane.name] for lane in self._lanes}

    def _advance(self, lane: _Lane[_Name, _Answer], *, begin: bool = False) -> None:
        """Resumes a search until a round of it has runs to wait for, or until it ends."""
        while not lane.open:
            try:
                if begin:
                    lane.round, begin = next(lane.rounds), False
                else:
                    lane.round = lane.rounds.send(
                        [self._ended[run.run_id] for run in lane.round.runs]
                    )
            except StopIteration as stop:
                self._answers[lane.name] = stop.value
                return
            self._start(lane)

    def _start(self, lane: _Lane[_Name, _Answer]) -> None:
        """Queues the runs of a round that have neither a record nor a job."""
        done, jobs, store = [], [], self._stores[lane.name]
        for run in lane.round.runs:
            run_id = run.run_id
            if run_id in self._ended:
                continue
            if run_id not in self._users and store.find(run) is not None:
                self._ended[run_id] = SweptRun(config=run, status="done before")
                done.append(run)
                continue
            if run_id not in self._users:
                self._users[run_id] = []
                jobs.append(self._make_job(run, store.address, lane.round.callbacks))
            self._users[run_id].append(lane)
            lane.open.add(run_id)
        self._queue.add(lane.place, jobs, done)
