"""The estimated cost of a benchmark: runs, hours and energy, from a few timed steps."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from pathlib import Path

from ..executors import available_cores
from ..results import ResultsStore
from ..sweeps import estimate
from ..tuning import PlannedSearch
from ._energy import EnergyMeter
from ._plan import BenchmarkPlan, Entry


@dataclass(frozen=True, kw_only=True)
class SearchCost:
    """The estimated cost of one search.

    Attributes:
        entry: What the search is for.
        runs: Number of its runs; the trials of a budget in gradients or seconds are estimated.
        done: Number of the runs that have a record, or are taken over.
        run_seconds: Time of one run; 0 if all are taken over.
        taken_over: Whether the runs are reference results.
    """

    entry: Entry
    runs: int
    done: int
    run_seconds: float
    taken_over: bool = False


@dataclass(frozen=True, kw_only=True)
class BenchmarkCost:
    """The estimated cost of a benchmark.

    Attributes:
        searches: The cost of each search.
        workers: Number of parallel runs.
        watts: Mean power while the steps were timed; NaN where it cannot be read.
    """

    searches: tuple[SearchCost, ...]
    workers: int
    watts: float

    @property
    def runs(self) -> int:
        """Number of runs."""
        return sum(cost.runs for cost in self.searches)

    @property
    def done(self) -> int:
        """Number of runs that have a record."""
        return sum(cost.done for cost in self.searches)

    @property
    def seconds(self) -> float:
        """Estimated time of the remaining runs, divided by the number of workers."""
        seconds = sum((cost.runs - cost.done) * cost.run_seconds for cost in self.searches)
        return seconds / self.workers

    @property
    def kilowatt_hours(self) -> float:
        """Estimated energy of the remaining runs; NaN where power cannot be read."""
        return self.watts * self.seconds / 3.6e6


def estimate_cost(plan: BenchmarkPlan) -> BenchmarkCost:
    """Times a few steps of each search of a benchmark; writes nothing.

    Args:
        plan: The benchmark.

    Raises:
        OptimizerError: If an optimizer raised an error in its step.
    """
    workers = plan.execution.workers_at_once()
    threads = max(1, available_cores() // workers)
    with EnergyMeter() as meter:
        costs = [
            _taken_over(entry, held) if entry in plan.references else _cost(entry, held, threads)
            for entry, held in plan.searches.items()
        ]
    return BenchmarkCost(searches=tuple(costs), workers=workers, watts=meter.watts)


def _taken_over(entry: Entry, planned: PlannedSearch) -> SearchCost:
    runs = planned.num_runs
    return SearchCost(entry=entry, runs=runs, done=runs, run_seconds=0.0, taken_over=True)


def _cost(entry: Entry, planned: PlannedSearch, threads: int) -> SearchCost:
    execution, first = planned.search.execution, planned.first_runs()
    store = ResultsStore(execution.results)
    done = sum(store.find(run) is not None for run in first)
    timed = estimate(
        first[:1],
        results=Path(execution.results) / ".nothing",  # so that it is timed even if it is done
        workers=1,
        threads=threads,
        device=execution.device,
        data_root=execution.data_root,
    )
    seconds = timed.groups[0].run_seconds if timed.groups else nan
    return SearchCost(
        entry=entry,
        runs=planned.num_runs,
        done=done,
        run_seconds=seconds,
    )
