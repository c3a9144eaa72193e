"""Search for a good setting, then repeat the best with several seeds."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from deepobs.problems import Problem

from ..common import UsageError, number, unknown, whole
from ..config import RunConfig, canonical_settings, check_keywords, describe_settings
from ..executors import Executor
from ..optimizers import OptimizerLike, find_optimizer
from ..sweeps import Execution
from ..training import Callback
from ._default_space import sourced_space
from ._objective import find_objective
from ._result import Trial, TuneResult, choose_best, study_id, tried_before
from ._search import Search
from ._space import Dimension, Space
from ._strategies import STRATEGIES, make_strategy

_log = logging.getLogger(__name__)


@partial(describe_settings, searchable=True)
def tune(
    problem: str | Problem,
    optimizer: OptimizerLike,
    *,
    results: str | Path,
    trials: int = 36,
    strategy: Literal["grid", "random", "sobol", "tpe"] = "grid",
    space: Sequence[str] | Mapping[str, Dimension | str] | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    objective: Literal["valid", "valid_accuracy", "test"] = "valid",
    validation: float = 0.2,
    seeds_per_trial: int = 1,
    repeat: int = 10,
    seed: int = 42,
    prune: bool = False,
    executor: Literal["local", "ray", "slurm"] = "local",
    workers: int | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    checkpoint_every: float | None = None,
    retries: int = 2,
    executor_options: Mapping[str, Any] | None = None,
    progress: Literal["auto", "lines", "off"] = "auto",
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[str] = (),
    log_every: int | None = None,
    **settings: Any,
) -> TuneResult:
    """Searches for a good setting of an optimizer on a problem, then repeats the best.

    Every trial is a run (or one per seed) with a record of its own; the search is recorded as
    well. The same call continues an interrupted search, and several processes can make the
    same call at once to share the work.

    Args:
        problem: A test problem.
        optimizer: An optimizer's name, a class or a recipe.
        results: Folder for the records and the search's own file.
        trials: Number of settings to try; 36 is the size of DeepOBS's grid.
        strategy: `grid` (the whole grid if `trials` suffices, else a coarse grid that is
            refined around the best); `random`; `sobol`; `tpe` by Optuna (extra `tune`).
        space: Search space, as `lr=log:1e-5:1e2`, `momentum=choice:0.9,0.99`,
            `1-log:LOW:HIGH`, `uniform:LOW:HIGH`, `int:LOW:HIGH`, or a mapping from names to such
            ranges. By default that of the table of reference optimizers; for other optimizers
            DeepOBS's learning rates, `lr=log:1e-5:1e2`.
        hyperparameters: Hyperparameters that all trials share.
        {settings}
        objective: `valid`, the final validation loss; `valid_accuracy`; or `test`, as in
            DeepOBS: the test accuracy (the test loss for problems without one).
        validation: Fraction of the training set to hold out, unless the objective is `test`.
        seeds_per_trial: Number of seeds, from 42 on, over which a trial's value is averaged.
        repeat: Number of seeds, from 42 on, with which the best setting is repeated on the
            whole training set.
        seed: Seed of the search itself.
        prune: Stop runs that are worse than the median of the others so far; `tpe` only.
        executor: See `sweep`.
        workers: See `sweep`.
        device: See `sweep`.
        data_root: See `sweep`.
        checkpoint_every: See `sweep`.
        retries: See `sweep`.
        executor_options: See `sweep`.
        progress: See `sweep`.
        callbacks: See `sweep`.
        loggers: See `sweep`.
        log_every: See `sweep`.
        **settings: The settings of every run listed above.

    Returns:
        The trials, including those of earlier calls with more trials, and the best of them; a
        diverged run counts as the worst.

    Raises:
        UsageError: If an argument is wrong; nothing has been started.
    """
    check_keywords(tune, settings)
    # `sweep` has the same arguments to pass on.
    # pylint: disable=duplicate-code
    execution = Execution(
        results=results,
        executor=executor,
        workers=workers,
        device=device,
        data_root=data_root,
        checkpoint_every=checkpoint_every,
        retries=retries,
        executor_options=executor_options or {},
        progress=progress,
        callbacks=callbacks,
        loggers=loggers,
        log_every=log_every,
    )
    counts = {"trials": (trials, 1), "seeds_per_trial": (seeds_per_trial, 1)}
    for name, (value, least) in {**counts, "repeat": (repeat, 0), "seed": (seed, 0)}.items():
        whole(name, value, least=least)
    shared: dict[str, Any] = {"problem": problem, "optimizer": optimizer, **settings}
    lr = 0.1 if find_optimizer(optimizer).takes_lr else None  # any rate, for the checks
    probe = RunConfig.from_dict({**shared, "lr": lr, "hyperparameters": hyperparameters or {}})
    goal = find_objective(objective, has_accuracy=probe.problem_value.correct is not None)
    search = Search(
        shared=shared,
        hyperparameters=hyperparameters or {},
        objective=goal,
        validation=0.0 if objective == "test" else _checked_share(validation),
        seeds=seeds_per_trial,
        execution=execution,
    )
    sourced = sourced_space(space, optimizer, search.hyperparameters)
    dimensions = sourced.dimensions
    _check_space(dimensions, search)
    _log.info("The search space is %s (%s).", _words(dimensions), sourced.source)
    _check_strategy(strategy, prune=prune, simple=seeds_per_trial == 1 and objective != "test")
    search_settings = {
        "objective": objective,
        "validation": search.validation,
        "space": {name: str(dimension) for name, dimension in dimensions.items()},
        "strategy": strategy,
        "seed": seed,
        "seeds_per_trial": seeds_per_trial,
        "prune": prune,
    }
    study = {**_shared(probe.to_dict()), **search_settings, "space_source": sourced.source}
    path = _file_of(probe, search_settings, Path(results))
    with execution.make_executor() as ready:
        if strategy == "tpe":
            from ._tpe import OptunaStudy, explore_study

            journal = path.with_suffix(".journal")
            asked = OptunaStudy(journal, dimensions, seed, prune=goal if prune else None)
            rounds = explore_study(search, asked, trials, ready)
        else:
            points = make_strategy(strategy, dimensions, trials, seed, search.accepts)
            rounds = search.explore(points, ready)
        result = TuneResult(study=study, num_trials=trials, trials=(), best=None, path=path)
        return _answer(search, rounds, result, repeat, ready)


def _file_of(probe: RunConfig, search_settings: Mapping[str, Any], results: Path) -> Path:
    """Returns the file of a search, named by the hash of everything that defines it."""
    shared = _shared(canonical_settings(probe.to_dict()))
    identity = study_id({**shared, **search_settings, "problem": probe.problem_identity})
    folder = results / probe.problem_name / probe.optimizer_name
    return folder / f"tuning__{search_settings['strategy']}__{identity}.json"


def _words(space: Space) -> str:
    return " ".join(f"{name}={dimension}" for name, dimension in space.items())


def _shared(run: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that all runs of a search share."""
    return {name: run[name] for name in run if name not in ("lr", "seed", "validation")}


def _answer(
    search: Search,
    rounds: Iterable[list[Trial]],
    result: TuneResult,
    repeat: int,
    executor: Executor,
) -> TuneResult:
    """Runs the rounds of a search, then repeats the best; writes the file after each round.

    Trials of an earlier call with more trials stay in the file, after those of this call.
    """
    before = [search.trial(settings) for settings in tried_before(result.path)]
    for trials in rounds:
        done = {trial.run_ids for trial in trials}
        kept = [t for t in before if t.run_ids not in done and t.status != "failed"]
        best = choose_best([*trials, *kept], higher_is_better=search.objective.higher_is_better)
        left_out = tuple(search.left_out.values())
        result = replace(result, trials=(*trials, *kept), best=best, left_out=left_out)
        result.save()
    if result.best is None or not repeat:
        return result
    runs = search.repetitions(result.best.settings, repeat)
    swept = search.execution.run_all(runs, executor)
    repeats = {run.config.seed: run.config.run_id for run in swept.runs if run.status != "failed"}
    result = replace(result, repeats=repeats, repeats_failed=len(swept.failed))
    result.save()
    return result


def _check_strategy(strategy: str, *, prune: bool, simple: bool) -> None:
    if strategy not in STRATEGIES:
        raise unknown("strategy", strategy, STRATEGIES, f"there are {', '.join(STRATEGIES)}.")
    if prune and not (strategy == "tpe" and simple):
        raise UsageError(
            "prune needs strategy tpe, one seed a trial and an objective on the validation split."
        )


def _check_space(space: Space, search: Search) -> None:
    """Checks the ends of every range, and that the optimizer accepts some setting at all.

    SGD refuses Nesterov's momentum without a momentum, so an end may be refused beside some values
    only. It is a mistake if it is refused by itself and beside the first and last of the others.
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
    if None not in refusals:
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
