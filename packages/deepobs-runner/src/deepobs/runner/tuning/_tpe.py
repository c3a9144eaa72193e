"""TPE by Optuna: a study in a file, which several processes share."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from deepobs.problems import BuiltProblem

from ..common import UsageError, explain, set_aside
from ..config import RunConfig
from ..executors import Executor, PrunedError
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


class OptunaStudy:
    """An Optuna study in a journal file.

    Whoever asks gets trials that nobody else got. A trial's sampler is seeded by the study's seed
    and the trial's number alone, so that one process, interrupted or not, finds the same.

    Args:
        path: The journal; several processes and machines may share it.
        space: What to choose from.
        seed: Seed of the sampler.
        prune: The objective by which the median rule stops hopeless runs; None for none.
    """

    def __init__(self, path: Path, space: Space, seed: int, *, prune: Objective | None) -> None:
        self._path = path
        self._seed = seed
        self._prune = prune
        self._distributions = {name: _distribution(held) for name, held in space.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
        with self._lock:
            _set_damaged_aside(path)

    def ask(self, count: int, num_trials: int) -> dict[int, Point]:
        """New trials by number: at most `count`, and `num_trials` in the whole study."""
        asked: dict[int, Point] = {}
        with self._lock:
            for _ in range(count):
                number = len(load_study(self._path, 0, prune=False).get_trials(deepcopy=False))
                if number >= num_trials:
                    break
                seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
                study = load_study(self._path, seed, prune=self._prune is not None)
                asked[number] = study.ask(self._distributions).params
        return asked

    def name_run(self, number: int, run_id: str) -> None:
        """Says which run a trial is, for the callback that may prune it."""
        load_study(self._path, 0, prune=False)  # begins it where there is none
        storage = _storage(self._path)
        storage.set_trial_user_attr(_trial_id(storage, number), _RUN_ID, run_id)

    def tell(self, number: int, value: float | None, *, pruned: bool = False) -> None:
        """Says how a trial ended: its value, that it was pruned, or (None) that it failed."""
        state = None if value is not None else optuna.trial.TrialState.FAIL
        if pruned:
            state, value = optuna.trial.TrialState.PRUNED, None
        study = load_study(self._path, 0, prune=False)
        study.tell(number, value, state=state, skip_if_finished=True)

    def callbacks(self) -> list[Callback]:
        """What a run must be told about, so that it can be pruned."""
        return [] if self._prune is None else [PruningCallback(self._path, self._prune)]

    def trials(self) -> dict[int, tuple[Point, str]]:
        """Every trial's settings and state: `running`, `complete`, `pruned` or `fail`."""
        trials = load_study(self._path, 0, prune=False).get_trials(deepcopy=False)
        return {trial.number: (trial.params, trial.state.name.lower()) for trial in trials}


class PruningCallback(Callback):
    """Tells the study after each epoch, and stops the run if the median of the others is better.

    Args:
        path: The study's journal.
        objective: What is minimised.
    """

    def __init__(self, path: Path, objective: Objective) -> None:
        self._path = path
        self._objective = objective
        self._trial: Any = None

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Finds the trial that this run is; stops if another process pruned it meanwhile."""
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
        """Reports, and asks whether to go on."""
        if self._trial is None or epoch == 0:
            return
        self._trial.report(self._objective.signed(metrics[self._objective.metric]), epoch)
        if self._trial.should_prune():
            # Told before the run's lock is released: whoever waits for it finds it pruned.
            pruned = optuna.trial.TrialState.PRUNED
            self._trial.study.tell(self._trial.number, state=pruned, skip_if_finished=True)
            raise PrunedError(f"worse than the median after {epoch} epochs")


def explore_study(
    search: Search, study: OptunaStudy, num_trials: int, executor: Executor
) -> Iterator[list[Trial]]:
    """Runs what the study proposes, as many at once as there are workers.

    Args:
        search: What the trials have in common.
        study: Where trials come from.
        num_trials: How many trials the study may have.
        executor: Who does the runs.

    Yields:
        All trials that have ended, after each round and in the end.
    """

    def ended() -> list[Trial]:
        return [
            search.trial(point, pruned=state == "pruned")
            for point, state in study.trials().values()
            if state != "running"
        ]

    while True:
        asked = study.ask(search.execution.workers_at_once(), num_trials)
        if not asked:  # what is left is being done by others, or was when they died
            trials = study.trials().items()
            asked = {number: point for number, (point, state) in trials if state == "running"}
        if not asked:
            yield ended()  # others may have told of theirs since the last round
            return
        for number, point in asked.items():
            study.name_run(number, search.configs(point)[0].run_id)
        runs = {run.run_id: run for point in asked.values() for run in search.configs(point)}
        result = search.run_all(list(runs.values()), executor, study.callbacks())
        pruned = {run.config.run_id for run in result.runs if run.status == "pruned"}
        for number, point in asked.items():
            trial = search.trial(point)
            value = None if trial.status == "failed" else search.loss(trial)
            study.tell(number, value, pruned=not pruned.isdisjoint(trial.run_ids))
        yield ended()


def load_study(path: Path, seed: int, *, prune: bool) -> Any:
    """The study in a journal, which is begun if there is none."""
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
    """The storage's own number of a trial, which it asks for."""
    study_id = storage.get_study_id_from_name(_NAME)
    trial_id: int = storage.get_trial_id_from_study_id_trial_number(study_id, number)
    return trial_id


def _set_damaged_aside(path: Path) -> None:
    """Renames a journal that Optuna cannot read, such as one with a torn line after a full disk.

    The study then begins again and proposes the same trials; those with records are not run again.
    """
    if not path.exists() or not path.stat().st_size:
        return
    try:
        if not path.read_bytes().endswith(b"\n"):  # the next line would be written behind it
            raise ValueError("its last line is torn")
        load_study(path, 0, prune=False).get_trials(deepcopy=False)
    except Exception as error:  # noqa: BLE001 - Optuna replays what the lines say, right or wrong
        _log.warning(
            "The study's journal %s is damaged (%s); it is kept as %s, and trials that have "
            "records are not run again.",
            *(path, explain(error), set_aside(path).name),
        )


def _distribution(dimension: Any) -> Any:
    if isinstance(dimension, Choice):
        return optuna.distributions.CategoricalDistribution(dimension.values)
    if isinstance(dimension, Integer):
        return optuna.distributions.IntDistribution(dimension.low, dimension.high)
    if isinstance(dimension, OneMinusLogUniform):
        return optuna.distributions.FloatDistribution(1 - dimension.high, 1 - dimension.low)
    log = isinstance(dimension, LogUniform)
    return optuna.distributions.FloatDistribution(dimension.low, dimension.high, log=log)
