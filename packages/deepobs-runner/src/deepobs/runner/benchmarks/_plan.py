"""The plan of a benchmark: a search for each problem, optimizer, length and study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from deepobs.problems import Problem, get_problem

from ..common import UsageError
from ..protocols import FIRST_SEED, Protocol
from ..sweeps import Execution
from ..tuning import PlannedSearch, plan_search
from ._methods import Method
from ._references import Reference


class Entry(NamedTuple):
    """What a search of a benchmark is for.

    Attributes:
        problem: The problem's name.
        method: The method's name.
        length: Length of the runs, as a multiple of the problem's own.
        study: Number of the study, from 0.
    """

    problem: str
    method: str
    length: float = 1.0
    study: int = 0


@dataclass(frozen=True, kw_only=True)
class BenchmarkPlan:
    """A benchmark that has been checked and not been started.

    Attributes:
        protocol: The protocol.
        methods: The optimizers.
        lengths: Lengths of the runs, as multiples of each problem's own.
        execution: How the runs are executed.
        searches: The searches, in the order in which they begin.
        references: Those of them that others have made, and that are taken over.
    """

    protocol: Protocol
    methods: tuple[Method, ...]
    lengths: tuple[float, ...]
    execution: Execution
    searches: dict[Entry, PlannedSearch]
    references: Mapping[Entry, Reference] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """The names of the problems."""
        return tuple(dict.fromkeys(entry.problem for entry in self.searches))

    @property
    def num_runs(self) -> int:
        """Number of runs; without the trials of budgets that are not counted in trials."""
        return sum(planned.num_runs for planned in self.searches.values())

    def folder(self, length: float) -> Path:
        """Returns the results folder of the runs of a length."""
        return _folder(self.execution, self.lengths, length)


def plan_benchmark(
    methods: Sequence[Method],
    problems: Sequence[str | Problem],
    protocol: Protocol,
    execution: Execution,
) -> BenchmarkPlan:
    """Checks a benchmark.

    Args:
        methods: The optimizers.
        problems: The problems.
        protocol: The protocol.
        execution: How the runs are executed.

    Raises:
        UsageError: If an argument is wrong.
    """
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"The benchmark has {name} twice; give each optimizer once.")
    own = any(method.has_own_schedule for method in methods if not method.only_taken_over)
    lengths = protocol.own_schedule_lengths if own else protocol.lengths
    searches = {}
    for problem in problems:
        value = get_problem(problem) if isinstance(problem, str) else problem
        for length in lengths:
            where = replace(execution, results=_folder(execution, lengths, length))
            for method in methods:
                for study in range(protocol.studies):
                    entry = Entry(value.name, method.name, length, study)
                    searches[entry] = _plan(value, method, protocol, entry, where)
    return BenchmarkPlan(
        protocol=protocol,
        methods=tuple(methods),
        lengths=lengths,
        execution=execution,
        searches=searches,
    )


def _folder(execution: Execution, lengths: Sequence[float], length: float) -> Path:
    """Returns the folder of a length: with several, each has a folder and a report of its own."""
    root = Path(execution.results)
    return root if len(lengths) == 1 else root / f"length-{length:g}"


def _plan(
    problem: Problem, method: Method, protocol: Protocol, entry: Entry, execution: Execution
) -> PlannedSearch:
    """Returns the search of one method on one problem."""
    fixed = protocol.hyperparameters.get(method.found.name, {})
    hyperparameters = {**fixed, **method.hyperparameters}
    shared: dict[str, Any] = {
        "problem": problem.name if _is_packaged(problem) else problem,
        "optimizer": method.optimizer,
        "epochs": max(1, round(entry.length * problem.epochs)),
        "schedule": protocol.schedule if method.found.takes_lr else "constant",
    }
    space = method.space or protocol.space
    return plan_search(
        execution,
        shared,
        hyperparameters=hyperparameters,
        space=space,
        strategy=protocol.strategy,
        budget=protocol.budget,
        objective="test" if protocol.selection == "test" else "valid_metric",
        validation=protocol.validation or 0.2,
        seeds=(FIRST_SEED + entry.study,),
        repeat_seeds=protocol.repeat_seeds,
        seed=FIRST_SEED + entry.study,
        notes={"protocol": protocol.definition(), "length": entry.length, "study": entry.study},
    )


def _is_packaged(problem: Problem) -> bool:
    try:
        return get_problem(problem.name) == problem
    except LookupError:
        return False
