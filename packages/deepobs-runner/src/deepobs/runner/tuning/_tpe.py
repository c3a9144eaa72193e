"""Optuna's TPE sampler, with a study in a file that several processes can share."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from deepobs.problems import BuiltProblem

from ..common import UsageError, explain, set_aside
from ..config import RunConfig
from ..executors import PrunedError
from ..sweeps import Round, Rounds
from ..training import Callback
from ._objective import Objective
from ._result import Trial
from ._search import Search
from ._space import Choice, Integer, LogUniform, OneMinusLogUniform, Point, Space

try:
    import optuna
    from optuna.storages.journal import JournalFileBackend
except ImportError as missing:
    raise UsageError(
        "strategy 'tpe' needs Optuna, which is not installed: pip install 'deepobs-runner[tune]'."
    ) from missing

_log = logging.getLogger(__name__)

_NAME = "deepobs"
_RUN_ID = "run_id"

# Several processes may work on one trial: each takes over those of a process that died, or that is
# only slower. The first to finish a trial decides how it ended; what the others write is dropped.
_first_to_finish = suppress(optuna.exceptions.UpdateFinishedTrialError)


class OptunaStudy:
    """An Optuna study in a journal file.

    Each trial is given to one process only. The sampler of a trial is seeded by the study's seed
    and the number of earlier trials, so a search by one process gives the same trials whether
    interrupted or not.

    Args:
        path: The journal file; several processes and machines can share it.
        space: The search space.
        seed: Seed of the sampler.
        prune: The objective for median pruning; None disables pruning.
    """

    def __init__(self, path: Path, space: Space, seed: int, *, prune: Objective | None) -> None:
        self._path = path
        self._seed = seed
        self._prune = prune
        self._space = space
        self._distributions = {
            _parameter(name, held): _distribution(held) for name, held in space.items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
        with self._lock:
            _set_damaged_aside(path)

    def ask(self, count: int, num_trials: int) -> dict[int, Point]:
        """Returns up to `count` new trials by number; the study has at most `num_trials`."""
        asked: dict[int, Point] = {}
        with self._lock:
            for _ in range(count):
                proposed = len(self._proposed())
                if proposed >= num_trials:
                    break
                seed = int(np.random.SeedSequence([self._seed, proposed]).generate_state(1)[0])
                study = load_study(self._path, seed, prune=self._prune is not None)
                trial = study.ask(self._distributions)
                asked[trial.number] = self._point(trial.params)
        return asked

    def name_run(self, number: int, run_id: str) -> None:
        """Stores the run's identity in a trial, for the callback that may prune it."""
        load_study(self._path, 0, prune=False)  # creates the study if needed
        storage = _storage(self._path)
        with _first_to_finish:
            storage.set_trial_user_attr(_trial_id(storage, number), _RUN_ID, run_id)

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Reports how a trial ended: its value, that it was pruned, or (None) that it failed."""
        state = None if value is not None else optuna.trial.TrialState.FAIL
        if pruned:
            state, value = optuna.trial.TrialState.PRUNED, None
        study = load_study(self._path, 0, prune=False)
        with _first_to_finish:
            study.tell(number, value, state=state, skip_if_finished=True)

    def callbacks(self) -> list[Callback]:
        """Returns the callbacks that prune a run; empty without pruning."""
        return [] if self._prune is None else [PruningCallback(self._path, self._prune)]

    def trials(self) -> dict[int, tuple[Point, str]]:
        """Returns each trial's settings and state: `running`, `complete`, `pruned` or `fail`."""
        return {t.number: (self._point(t.params), t.state.name.lower()) for t in self._proposed()}

    def _proposed(self) -> list[Any]:
        """Returns the trials that have all their parameters.

        Optuna writes a trial first and its parameters after it. A trial without all of them is
        being written by another process, or was when that process died.
        """
        trials = load_study(self._path, 0, prune=False).get_trials(deepcopy=False)
        return [trial for trial in trials if trial.params.keys() >= self._distributions.keys()]

    def _point(self, parameters: Mapping[str, Any]) -> Point:
        """Returns the setting of a trial from Optuna's parameters."""
        return {
            name: held.value(parameters[_parameter(name, held)])
            if isinstance(held, OneMinusLogUniform)
            else parameters[name]
            for name, held in self._space.items()
        }


class PruningCallback(Callback):
    """Callback that reports each epoch to the study and prunes runs worse than the median.

    Args:
        path: The study's journal.
        objective: The objective to minimize.
    """

    def __init__(self, path: Path, objective: Objective) -> None:
        self._path = path
        self._objective = objective
        self._trial: Any = None

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Finds the trial of this run; stops if another process has pruned it."""
        study = load_study(self._path, 0, prune=True)
        trials = study.get_trials(deepcopy=False)
        ours = [trial for trial in trials if trial.user_attrs.get(_RUN_ID) == config.run_id]
        for trial in ours:
            if not trial.state.is_finished():
                self._trial = optuna.trial.Trial(
                    study, _trial_id(_storage(self._path), trial.number)
                )
        pruned = optuna.trial.TrialState.PRUNED
        if self._trial is None and any(trial.state == pruned for trial in ours):
            raise PrunedError("another process pruned it")

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Reports the value, and stops the run if it is to be pruned."""
        if self._trial is None or epoch == 0:
            return
        with _first_to_finish:
            self._trial.report(self._objective.signed(metrics[self._objective.metric]), epoch)
        if self._trial.should_prune():
            # Report before the run's lock is released, so that waiting processes see it as pruned.
            pruned = optuna.trial.TrialState.PRUNED
            with _first_to_finish:
                self._trial.study.tell(self._trial.number, state=pruned, skip_if_finished=True)
            raise PrunedError(f"worse than the median after {epoch} epochs")


def explore_study(
    search: Search,
    study: OptunaStudy,
    num_trials: int,
    keep: Callable[[Sequence[Trial]], None],
) -> Rounds[None]:
    """Returns rounds of the trials that the study proposes, one per worker at a time.

    Args:
        search: The settings that the trials share.
        study: The source of trials.
        num_trials: Largest number of trials in the study.
        keep: Called with all trials that have ended, after each round and at the end.
    """

    def ended() -> list[Trial]:
        return [
            search.trial(point, pruned=state == "pruned")
            for point, state in study.trials().values()
            if state != "running"
        ]

    while True:
        asked = study.ask(search.execution.workers_at_once(), num_trials)
        if not asked:  # other processes have the remaining trials, or had them when they died
            trials = study.trials().items()
            asked = {number: point for number, (point, state) in trials if state == "running"}
        if not asked:
            keep(ended())  # other processes may have reported trials since the last round
            return
        for number in [n for n, point in asked.items() if search.refusal(point) is not None]:
            study.tell(number, None)
            del asked[number]
        for number, point in asked.items():
            study.name_run(number, search.configs(point)[0].run_id)
        runs = {run.run_id: run for point in asked.values() for run in search.configs(point)}
        swept = yield Round(runs=list(runs.values()), callbacks=study.callbacks())
        search.note(swept)
        pruned = {run.config.run_id for run in swept if run.status == "pruned"}
        for number, point in asked.items():
            trial = search.trial(point)
            value = None if trial.status == "failed" else search.loss(trial)
            study.tell(number, value, pruned=not pruned.isdisjoint(trial.run_ids))
        keep(ended())


def load_study(path: Path, seed: int, *, prune: bool) -> Any:
    """Returns the study in a journal, creating it if needed."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=_storage(path),
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner() if prune else optuna.pruners.NopPruner(),
        study_name=_NAME,
        load_if_exists=True,
    )


def _storage(path: Path) -> Any:
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))


def _trial_id(storage: Any, number: int) -> int:
    """Returns the storage's internal id of a trial."""
    study_id = storage.get_study_id_from_name(_NAME)
    trial_id: int = storage.get_trial_id_from_study_id_trial_number(study_id, number)
    return trial_id


def _set_damaged_aside(path: Path) -> None:
    """Renames a journal that Optuna cannot read, for example with a truncated line.

    A new study then proposes the same trials; those with records are not run again.
    """
    if not path.exists() or not path.stat().st_size:
        return
    try:
        if not path.read_bytes().endswith(b"\n"):  # the next record would be appended to this line
            raise ValueError("its last line is truncated")
        load_study(path, 0, prune=False).get_trials(deepcopy=False)
    except Exception as error:  # noqa: BLE001 - Optuna raises any error for invalid lines
        _log.warning(
            "The study's journal %s is damaged (%s); it is kept as %s, and trials that have "
            "records are not run again.",
            *(path, explain(error), set_aside(path).name),
        )


def _parameter(name: str, dimension: Any) -> str:
    """Returns the name of a dimension's parameter in Optuna's study."""
    return f"1 - {name}" if isinstance(dimension, OneMinusLogUniform) else name


def _distribution(dimension: Any) -> Any:
    if isinstance(dimension, Choice):
        return optuna.distributions.CategoricalDistribution(dimension.values)
    if isinstance(dimension, Integer):
        return optuna.distributions.IntDistribution(dimension.low, dimension.high)
    log = isinstance(dimension, LogUniform | OneMinusLogUniform)  # the latter of 1 - NAME
    return optuna.distributions.FloatDistribution(dimension.low, dimension.high, log=log)
