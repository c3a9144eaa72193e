"""The execution options of many runs, and what executes them."""

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..common import number, whole
from ..config import RunConfig
from ..executors import Executor, Job, default_workers, make_executor
from ..loggers import make_logger
from ..results import Address, ResultsStore
from ..training import Callback, choose_device
from ._monitor import Monitor, check_progress, make_monitor
from ._queue import JobQueue
from ._rounds import Lanes, Round, Rounds
from ._swept import SweepResult, SweptRun

_Answer = TypeVar("_Answer")
_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The execution options of runs, checked; see `sweep` for the fields."""

    results: Address
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

    def run_all(self, runs: Sequence[RunConfig], executor: Executor) -> SweepResult:
        """Executes the runs without a record.

        Args:
            runs: The runs, without duplicates.
            executor: The executor, entered and exited by the caller.

        Raises:
            UsageError: If the folder is not writable, or a run cannot be sent to a worker.
        """
        started = time.perf_counter()

        def one_round() -> Rounds[Sequence[SweptRun]]:
            return (yield Round(runs=runs))

        ended = self.run_rounds({"": one_round()}, executor)[""]
        return SweepResult(runs=tuple(ended), seconds=time.perf_counter() - started)

    def run_rounds(
        self,
        rounds: Mapping[_Name, Rounds[_Answer]],
        executor: Executor,
        *,
        folders: Mapping[_Name, Address] | None = None,
        monitor: Monitor | None = None,
    ) -> dict[_Name, _Answer]:
        """Executes the rounds of several searches, which share the executor.

        Args:
            rounds: Generators of rounds, by any name. A generator is resumed with how the runs of
                its round ended, and its next round begins immediately, independent of the others.
                Jobs of earlier generators go first.
            executor: The executor, entered and exited by the caller.
            folders: Results folders by the names of the searches, in place of `results`.
            monitor: The progress display; default: the one that `progress` names.

        Returns:
            What each generator returned.

        Raises:
            UsageError: If the folder is not writable, or a run cannot be sent to a worker.
        """
        stores = {name: ResultsStore((folders or {}).get(name, self.results)) for name in rounds}
        for store in {store.address: store for store in stores.values()}.values():
            store.check_writable()
        with monitor or make_monitor(self.progress) as shown:
            queue = JobQueue(executor, shown, retries=self.retries, at_once=self._at_once())
            return Lanes(rounds, stores, queue, self._job).run()

    def _job(self, run: RunConfig, results: Address, callbacks: Sequence[Callback]) -> Job:
        names = ("device", "data_root", "checkpoint_every", "loggers", "log_every")
        options = {name: getattr(self, name) for name in names}
        called = (*self.callbacks, *callbacks)
        return Job(config=run, options={**options, "results": results, "callbacks": called})

    def _at_once(self) -> int | None:
        """Returns how many jobs the executor gets at a time; None for all that there are.

        The fewer it has, the sooner a job that goes first is executed. SLURM starts the jobs that
        it is given together as one array, and Ray knows itself how many fit.
        """
        return self.workers_at_once() if self.executor == "local" else None
