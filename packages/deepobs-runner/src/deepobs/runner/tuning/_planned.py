"""A search that has been checked and not been started: its rounds and its record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..common import UsageError, number, unknown
from ..config import RunConfig, canonical_settings
from ..optimizers import find_optimizer
from ..protocols import Budget
from ..results import SEARCH_PREFIX, folder_on_disk, open_storage
from ..sweeps import Execution, Round, Rounds
from ._budget import MOST_TRIALS, BudgetStrategy
from ._default_space import SourcedSpace, sourced_space
from ._objective import find_objective
from ._result import Trial, TuneResult, choose_best, study_id, tried_before
from ._search import Search
from ._space import Dimension, Space
from ._strategies import STRATEGIES, Strategy, draw_points, make_strategy

_log = logging.getLogger(__name__)

_NO_SEARCH = SourcedSpace({}, "no search")
# What `folder_on_disk` says of Optuna's journal.
_JOURNAL = ("The strategy tpe", "use grid, random or sobol, or a folder")


@dataclass(frozen=True, kw_only=True)
class PlannedSearch:
    """A search that has been checked and not been started.

    Attributes:
        search: The settings that its trials share.
        dimensions: The search space.
        strategy: Name of the strategy.
        budget: What the trials may use; None for no search: the defaults are repeated.
        seed: Seed of the strategy.
        prune: Whether to stop runs that are worse than the median of the others so far.
        repeat_seeds: Seeds with which the best setting is repeated.
        result: The record of the search, without trials.
    """

    search: Search
    dimensions: Space
    strategy: str
    budget: Budget | None
    seed: int
    prune: bool = False
    repeat_seeds: Sequence[int]
    result: TuneResult

    @property
    def epochs(self) -> int:
        """Epochs of each run."""
        return int(self.result.study["epochs"])

    @property
    def num_runs(self) -> int:
        """Number of runs; without the trials of a budget that is not counted in trials."""
        return self.result.num_trials * len(self.search.seeds) + len(self.repeat_seeds)

    def rounds(self) -> Rounds[TuneResult]:
        """Returns the rounds of the search, then those of the best setting; writes its record.

        Trials of an earlier call with more trials stay in the record, after those of this call.
        """
        search, result = self.search, self.result
        before = [search.trial(settings) for settings in tried_before(result.storage, result.file)]

        def keep(trials: Sequence[Trial]) -> None:
            nonlocal result
            done = {trial.run_ids for trial in trials}
            kept = [t for t in before if t.run_ids not in done and t.status != "failed"]
            best = choose_best([*trials, *kept], higher_is_better=search.objective.higher_is_better)
            left_out = tuple(search.left_out.values())
            result = replace(result, trials=(*trials, *kept), best=best, left_out=left_out)
            result.save()

        yield from self._trials(keep)
        if not self.repeat_seeds or (self.budget is not None and result.best is None):
            return result
        settings = {} if result.best is None else result.best.settings
        ended = yield Round(runs=search.repetitions(settings, self.repeat_seeds))
        search.note(ended)
        repeats = {run.config.seed: run.config.run_id for run in ended if run.status != "failed"}
        result = replace(result, repeats=repeats, repeats_failed=len(ended) - len(repeats))
        result.save()
        return result

    def first_runs(self) -> tuple[RunConfig, ...]:
        """Returns the runs that the search begins with; those of the defaults without a search."""
        if self.budget is None:
            return self.search.repetitions({}, self.repeat_seeds)
        points = self._strategy(self.budget).propose({})
        accepted = [point for point in points if self.search.refusal(point) is None]
        return tuple(run for point in accepted for run in self.search.configs(point))

    def _trials(self, keep: Callable[[Sequence[Trial]], None]) -> Rounds[None]:
        """Returns the rounds of trials; none without a search."""
        if self.budget is None:
            keep([])
        elif self.strategy == "tpe":
            from ._tpe import OptunaStudy, explore_study

            journal = folder_on_disk(self.result.path, *_JOURNAL).with_suffix(".journal")
            goal = self.search.objective if self.prune else None
            asked = OptunaStudy(journal, self.dimensions, self.seed, prune=goal)
            yield from explore_study(self.search, asked, int(self.budget.amount), keep)
        else:
            yield from self.search.explore(self._strategy(self.budget), keep)

    def _strategy(self, budget: Budget) -> Strategy:
        if budget.unit == "trials":
            return make_strategy(
                self.strategy,
                self.dimensions,
                int(budget.amount),
                self.seed,
                self.search.accepts,
            )
        points = draw_points(self.strategy, self.dimensions, MOST_TRIALS, self.seed)
        return BudgetStrategy(points, budget.amount, partial(self.search.cost, unit=budget.unit))


def plan_search(
    execution: Execution,
    shared: Mapping[str, Any],
    *,
    hyperparameters: Mapping[str, Any],
    space: Sequence[str] | Mapping[str, Dimension | str] | None,
    strategy: str,
    budget: Budget | None,
    objective: str,
    validation: float,
    seeds: Sequence[int],
    repeat_seeds: Sequence[int],
    seed: int,
    prune: bool = False,
    notes: Mapping[str, Any] | None = None,
) -> PlannedSearch:
    """Checks a search.

    Args:
        execution: How the runs are executed.
        shared: Settings of every run, `problem` and `optimizer` among them.
        hyperparameters: Hyperparameters that all trials share.
        space: The search space, as for `tune`.
        strategy: The search strategy.
        budget: What the trials may use; None for no search.
        objective: The objective.
        validation: Fraction of the training set to hold out, unless the objective is `test`.
        seeds: Seeds over which a trial's value is averaged.
        repeat_seeds: Seeds with which the best setting is repeated.
        seed: Seed of the search itself.
        prune: Whether to stop runs that are worse than the median of the others so far.
        notes: Further facts for the record of the search, which are part of its identity.

    Raises:
        UsageError: If an argument is wrong.
    """
    lr = 0.1 if find_optimizer(shared["optimizer"]).takes_lr else None  # any rate, for the checks
    probe = RunConfig.from_dict({**shared, "lr": lr, "hyperparameters": hyperparameters})
    search = Search(
        shared=shared,
        hyperparameters=hyperparameters,
        objective=find_objective(objective, probe.problem_value),
        validation=0.0 if objective == "test" else _checked_share(validation),
        seeds=tuple(seeds),
        execution=execution,
    )
    sourced = _NO_SEARCH
    if budget is not None:
        sourced = sourced_space(space, shared["optimizer"], hyperparameters)
        _log.info("The search space is %s (%s).", _words(sourced.dimensions), sourced.source)
    dimensions = sourced.dimensions
    _check_space(dimensions, search)
    _check_strategy(strategy, prune=prune, simple=len(seeds) == 1 and objective != "test")
    if strategy in ("grid", "tpe") and budget is not None and budget.unit != "trials":
        raise UsageError(
            f"The strategy {strategy} counts trials, so its budget cannot be in {budget.unit}; use "
            "random or sobol."
        )
    search_settings = {
        "objective": objective,
        "validation": search.validation,
        "space": {name: str(dimension) for name, dimension in dimensions.items()},
        "strategy": strategy,
        "seed": seed,
        "seeds_per_trial": len(seeds),
        "prune": prune,
        **(notes or {}),
    }
    study = {**_shared(probe.to_dict()), **search_settings, "space_source": sourced.source}
    if strategy == "tpe":
        folder_on_disk(execution.results, *_JOURNAL)
    storage, file = open_storage(execution.results), _file_of(probe, search_settings)
    trials = int(budget.amount) if budget is not None and budget.unit == "trials" else 0
    return PlannedSearch(
        search=search,
        dimensions=dimensions,
        strategy=strategy,
        budget=budget,
        seed=seed,
        prune=prune,
        repeat_seeds=tuple(repeat_seeds),
        result=TuneResult(
            study=study, num_trials=trials, trials=(), best=None, storage=storage, file=file
        ),
    )


def _file_of(probe: RunConfig, search_settings: Mapping[str, Any]) -> str:
    """Returns the name of a search's file, which ends with the hash of what defines the search."""
    shared = _shared(canonical_settings(probe.to_dict()))
    identity = study_id({**shared, **search_settings, "problem": probe.problem_identity})
    folder = f"{probe.problem_name}/{probe.optimizer_name}"
    return f"{folder}/{SEARCH_PREFIX}{search_settings['strategy']}__{identity}.json"


def _words(space: Space) -> str:
    return " ".join(f"{name}={dimension}" for name, dimension in space.items())


def _shared(run: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that all runs of a search share."""
    return {name: run[name] for name in run if name not in ("lr", "seed", "validation")}


def _check_strategy(strategy: str, *, prune: bool, simple: bool) -> None:
    if strategy not in STRATEGIES:
        raise unknown("strategy", strategy, STRATEGIES, f"there are {', '.join(STRATEGIES)}.")
    if prune and not (strategy == "tpe" and simple):
        raise UsageError(
            "prune needs strategy tpe, one seed a trial and an objective on the validation split."
        )


def _check_space(space: Space, search: Search) -> None:
    """Checks the ends of every range, and that the optimizer accepts some setting at all.

    SGD rejects Nesterov momentum without momentum, so an end may be rejected only in combination
    with some values. It is a mistake if it is rejected by itself and in combination with the first
    and last values of the others.
    """
    for name in space:
        if name in search.hyperparameters:
            raise UsageError(f"{name} is both searched and given as a hyperparameter; drop one.")
    ends = {name: _ends(dimension) for name, dimension in space.items()}
    alone = replace(search, hyperparameters={})
    refusals: list[str | None] = []
    for name, values in ends.items():
        for value in values:
            beside = [{n: held[i] for n, held in ends.items()} | {name: value} for i in (0, -1)]
            found = [search.refusal(point) for point in beside]
            itself = {n: held[0] for n, held in ends.items() if n == "lr"} | {name: value}
            if None not in found and alone.refusal(itself):
                raise UsageError(found[0] or "")
            refusals += found
    if refusals and None not in refusals:
        raise UsageError(refusals[0] or "")


def _ends(dimension: Dimension) -> Sequence[Any]:
    """Returns the ends of a range, and every value of a choice."""
    grid = dimension.grid()
    return (grid[0], grid[-1]) if dimension.ordered else grid


def _checked_share(validation: float) -> float:
    share = number("validation", validation, least=0.0)
    if not 0 < share < 1:
        raise UsageError(f"validation must be a fraction above 0 and below 1, not {share:g}.")
    return share
