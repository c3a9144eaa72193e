"""A search in progress: proposes settings, runs them and reads their records."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..common import InfeasibleError
from ..config import RunConfig
from ..executors import Executor
from ..results import ResultsStore
from ..sweeps import Execution, SweepResult
from ..training import Callback
from ._objective import Objective
from ._result import Trial, finite
from ._space import Point
from ._strategies import Strategy, key

FIRST_SEED = 42  # as in DeepOBS, whose repetitions have the seeds 42 to 51


@dataclass(frozen=True, kw_only=True)
class Search:
    """The settings that the trials of a search share.

    Attributes:
        shared: Fields of every run's configuration.
        hyperparameters: Hyperparameters of every run.
        objective: The objective to minimise.
        validation: Fraction of the training set that trials hold out.
        seeds: Number of runs per trial.
        execution: How runs are executed.
        failures: Why runs of this search failed, by `run_id`.
        left_out: Settings that `accepts` has found to be refused, by `key`.
    """

    shared: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]
    objective: Objective
    validation: float
    seeds: int
    execution: Execution
    failures: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, Trial] = field(default_factory=dict)

    def configs(self, point: Point) -> tuple[RunConfig, ...]:
        """Returns the configurations of one trial, one per seed."""
        return tuple(
            self._config(point, FIRST_SEED + i, self.validation) for i in range(self.seeds)
        )

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

    def repetitions(self, point: Point, count: int) -> tuple[RunConfig, ...]:
        """Returns the runs of one setting on the whole training set, one per seed."""
        return tuple(self._config(point, FIRST_SEED + i, 0.0) for i in range(count))

    def run_all(
        self, runs: Sequence[RunConfig], executor: Executor, callbacks: Sequence[Callback] = ()
    ) -> SweepResult:
        """Executes the runs without a record, and stores why any failed."""
        result = self.execution.run_all(runs, executor, callbacks=callbacks)
        self.failures.update((run.config.run_id, run.message or "") for run in result.failed)
        return result

    def explore(self, strategy: Strategy, executor: Executor) -> Iterator[list[Trial]]:
        """Runs the proposals of the strategy; yields all trials after each round."""
        trials: list[Trial] = []
        seen: dict[str, float] = {}
        while points := strategy.propose(seen):
            accepted = [point for point in points if self.refusal(point) is None]
            runs = [config for point in accepted for config in self.configs(point)]
            self.run_all(runs, executor)
            for point in points:
                trials.append(self.trial(point))
                seen[key(point)] = self.loss(trials[-1])
            yield trials

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
        """Returns a trial's value to minimise; infinite if it did not finish."""
        return math.inf if trial.value is None else self.objective.signed(trial.value)

    def _config(self, point: Point, seed: int, validation: float) -> RunConfig:
        searched = {name: value for name, value in point.items() if name != "lr"}
        return RunConfig(
            **self.shared,
            lr=point.get("lr"),
            hyperparameters={**self.hyperparameters, **searched},
            seed=seed,
            validation=validation,
        )
