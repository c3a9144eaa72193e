"""Search for a good setting, then repeat the best with several seeds."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from deepobs.problems import Problem

from ..common import whole
from ..config import check_keywords, describe_settings
from ..optimizers import OptimizerLike
from ..protocols import FIRST_SEED, Budget
from ..sweeps import Execution
from ..training import Callback
from ._planned import plan_search
from ._result import TuneResult
from ._space import Dimension


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
    objective: Literal["valid_metric", "valid", "valid_accuracy", "test"] = "valid_metric",
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
        objective: `valid_metric`, the final value of the problem's primary metric on validation
            data; `valid`, the loss there; `valid_accuracy`; or `test`, as in DeepOBS: the primary
            metric on test data.
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
    planned = plan_search(
        execution,
        {"problem": problem, "optimizer": optimizer, **settings},
        hyperparameters=hyperparameters or {},
        space=space,
        strategy=strategy,
        budget=Budget(trials),
        objective=objective,
        validation=validation,
        seeds=range(FIRST_SEED, FIRST_SEED + seeds_per_trial),
        repeat_seeds=range(FIRST_SEED, FIRST_SEED + repeat),
        seed=seed,
        prune=prune,
    )
    with execution.make_executor() as ready:
        return execution.run_rounds({"": planned.rounds()}, ready)[""]
