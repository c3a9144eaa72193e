"""A search in progress: proposes settings, runs them and reads their records."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..common import InfeasibleError
from ..config import RunConfig
from ..results import ResultsStore
from ..sweeps import Execution, Round, Rounds, SweptRun
from ._budget import cost_of
from ._objective import Objective
from ._result import Trial, finite
from ._space import Point
from ._strategies import Strategy, key


@dataclass(frozen=True, kw_only=True)
class Search:
    """The settings that the trials of a search share.

    Attributes:
        shared: Fields of every run's configuration.
        hyperparameters: Hyperparameters of every run.
        objective: The objective to minimize.
        validation: Fraction of the training set that trials hold out.
        seeds: Seed of each run of a trial.
        execution: How runs are executed.
        failures: Why runs of this search failed, by `run_id`.
        left_out: Settings that `accepts` has found to be refused, by `key`.
    """

    shared: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]
    objective: Objective
    validation: float
    seeds: tuple[int, ...]
    execution: Execution
    failures: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, Trial] = field(default_factory=dict)

    def configs(self, point: Point) -> tuple[RunConfig, ...]:
        """Returns the configurations of one trial, one per seed."""
        return tuple(self._config(point, seed, self.validation) for seed in self.seeds)

    def refusal(self, point: Point) -> str | None:
        """Returns why the optimizer refuses a setting, or None if it accepts it."""
        try:
            self.configs(point)
        except InfeasibleError as error:
            return str(error)
        return None

    def accepts(self, point: Point) -> bool:
        """Returns whether the optimizer accepts a setting; adds it to `left_out` if not."""
        if self.refusal(point) is None:
            return True
        self.left_out[key(point)] = self.trial(point)
        return False

    def repetitions(self, point: Point, seeds: Sequence[int]) -> tuple[RunConfig, ...]:
        """Returns the runs of one setting on the whole training set, one per seed."""
        return tuple(self._config(point, seed, 0.0) for seed in seeds)

    def note(self, ended: Sequence[SweptRun]) -> None:
        """Stores why any of the runs failed."""
        failed = [run for run in ended if run.status == "failed"]
        self.failures.update((run.config.run_id, run.message or "") for run in failed)

    def explore(self, strategy: Strategy, keep: Callable[[Sequence[Trial]], None]) -> Rounds[None]:
        """Returns the rounds of runs that the strategy proposes.

        Args:
            strategy: The strategy.
            keep: Called with all trials after each round.
        """
        trials: list[Trial] = []
        seen: dict[str, float] = {}
        while points := strategy.propose(seen):
            accepted = [point for point in points if self.refusal(point) is None]
            self.note((yield Round(runs=[run for p in accepted for run in self.configs(p)])))
            for point in points:
                trials.append(self.trial(point))
                seen[key(point)] = self.loss(trials[-1])
            keep(trials)

    def trial(self, point: Point, *, pruned: bool = False) -> Trial:
        """Returns the trial of a setting, read from its records; a refused one has failed."""
        store = ResultsStore(self.execution.results)
        try:
            configs = self.configs(point)
        except InfeasibleError as error:
            return Trial(
                settings=dict(point),
                run_ids=(),
                values=(),
                value=None,
                status="failed",
                message=str(error),
            )
        records = [store.find(config) for config in configs]
        losses = [None if record is None else self.objective.loss(record) for record in records]
        values = [None if v is None else finite(self.objective.signed(v)) for v in losses]
        complete = [value for value in values if value is not None]
        value = sum(complete) / len(values) if len(complete) == len(values) else None
        status: Any = "finished" if value is not None else "diverged"
        if None in losses:
            status = "failed"
        if pruned:  # the study's state decides, whatever records there are
            status = "pruned"
        ids = tuple(config.run_id for config in configs)
        return Trial(
            settings=dict(point),
            run_ids=ids,
            values=tuple(values),
            value=value,
            status=status,
            message=next((self.failures[id_] for id_ in ids if id_ in self.failures), None),
        )

    def loss(self, trial: Trial) -> float:
        """Returns a trial's value to minimize; infinite if it did not finish."""
        return math.inf if trial.value is None else self.objective.signed(trial.value)

    def cost(self, point: Point, unit: str) -> float:
        """Returns what the runs of a trial used, from their records.

        Args:
            point: The setting.
            unit: `gradients` or `seconds`.
        """
        store = ResultsStore(self.execution.results)
        configs = self.configs(point) if self.refusal(point) is None else ()
        records = [store.find(config) for config in configs]
        return sum(cost_of(record, unit) for record in records if record is not None)

    def _config(self, point: Point, seed: int, validation: float) -> RunConfig:
        searched = {name: value for name, value in point.items() if name != "lr"}
        return RunConfig(
            **self.shared,
            lr=point.get("lr"),
            hyperparameters={**self.hyperparameters, **searched},
            seed=seed,
            validation=validation,
        )
