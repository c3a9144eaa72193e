"""The execution of one run, from its configuration to its record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from deepobs.data import FullBatchDataset, derive_seed
from deepobs.problems import BuiltProblem, Problem, build

from ..common import UsageError, number
from ..config import RunConfig, check_keywords, describe_settings
from ..optimizers import OptimizerLike
from ..results import Record, ResultsStore
from ._best_model import BestModel
from ._callbacks import Callback
from ._checkpoint import Checkpoints
from ._compile import compile_mode
from ._distributed import Processes, local_rank, processes
from ._environment import environment_of
from ._extend import keep_final_state, take_up_shorter_run
from ._guard import DEFAULT_SECONDS, CheckpointGuard
from ._isolation import isolated
from ._outcome import record_of
from ._precision import arithmetic, choose_device
from ._progress import make_display
from ._rng import own_random_state
from ._signals import StopSignals
from ._state import why_not_resumed_exactly
from ._threads import own_threads
from ._trainer import Trainer, trainer_class


@describe_settings
def run(
    problem: str | Problem | RunConfig,
    optimizer: OptimizerLike | None = None,
    *,
    device: str | torch.device = "auto",
    results: str | Path | None = None,
    data_root: str | Path | None = None,
    resume: bool = False,
    checkpoint_every: float | None = None,
    compile: bool | str = False,
    channels_last: bool = False,
    deterministic: bool = False,
    threads: int | None = None,
    keep_best: bool = False,
    keep_checkpoint: bool = False,
    callbacks: Iterable[Callback] = (),
    progress: str = "auto",
    force: bool = False,
    **settings: Any,
) -> Record:
    """Trains a test problem with an optimizer and records the results.

    Args:
        problem: Name of a test problem, or a `deepobs.problems.Problem` of your own. Or a
            `RunConfig`, which holds the optimizer and all settings.
        optimizer: A name or a class; see `RunConfig`.
        {settings}
        device: `"auto"` (CUDA, else MPS, else CPU) or a device of torch.
        results: Folder for the record and the checkpoints, or its address in object storage, such
            as `"s3://bucket/folder"`; None writes nothing.
        data_root: Folder of the data files; default: `$DEEPOBS_DATA_DIR`, else the user's cache.
        resume: Continue from the last checkpoint, if there is one, or from one of the same run
            with fewer epochs.
        checkpoint_every: Seconds between two checkpoints; default 300; 0 saves at every step.
        compile: Compile model, loss and regularizer with `torch.compile`: True, or
            `"reduce-overhead"` to record the passes in CUDA graphs.
        channels_last: Use the channels-last memory format, which may be faster on GPUs.
        deterministic: Raise an error for nondeterministic operations.
        threads: Number of CPU threads; default: one for a small problem (at most two million
            weights times examples of a batch), and otherwise that of the process.
        keep_best: Save the weights of the best evaluation next to the record.
        keep_checkpoint: Keep the final checkpoint, so that the run can be extended to more
            epochs.
        callbacks: Callbacks of the run.
        progress: `"bar"`, `"lines"`, `"off"`, or `"auto"`: a bar on a terminal, else lines.
        force: Repeat the run even if its record exists.
        **settings: The settings of the run listed above.

    Returns:
        The record; `path` is its file, if there is a results folder. If the folder already has a
        record of this run, that one is returned, with `was_done` True.

    Raises:
        UsageError: If an argument is wrong.
        RunInProgressError: If another process is executing this run in the same results folder.
        RunInterruptedError: After SIGTERM, SIGINT, SIGUSR1 or SIGUSR2; a checkpoint was saved.
        CheckpointError: If the run is to be resumed but no checkpoint can be used.
        OptimizerError: If the optimizer raised an error in its step.
        ResultsError: If the record could not be written; checkpoints are kept.
        deepobs.problems.UnknownProblemError: If no problem has that name.
        deepobs.data.DatasetNotFoundError: If the data files are missing.

    Example:
        >>> record = run("digits_logreg", "SGD", lr=0.1, epochs=1, progress="off")
        >>> record.status
        'finished'
    """
    config = _config_of(problem, optimizer, settings)
    if results is None and (resume or keep_best or keep_checkpoint or checkpoint_every is not None):
        raise UsageError(
            "resume, keep_best, keep_checkpoint and checkpoint_every need a results folder."
        )
    compiled = compile_mode(compile)
    every = DEFAULT_SECONDS if checkpoint_every is None else checkpoint_every
    every = number("checkpoint_every", every, least=0.0)
    chosen = choose_device(device, local_rank())
    group = processes(chosen)
    called = [*make_display(progress), *callbacks] if group.main else []
    with isolated(chosen), ExitStack() as stack:
        group.check(config.batch_size, config.gradient_accumulation_steps)
        store = None if results is None else ResultsStore(results)
        if store is not None and not force:
            done = group.on_main(lambda: store.find(config))
            if done is not None:
                group.on_main(partial(store.finish, done))
                return replace(done, was_done=True)
        built = build_problem(config, chosen, data_root)
        _own_noise(built, group)
        if channels_last:
            built.model.to(memory_format=torch.channels_last)
        stack.enter_context(own_threads(built, threads))
        stack.enter_context(arithmetic(config.precision, deterministic=deterministic))
        stack.enter_context(own_random_state(config.seed))
        checkpoints = None
        if store is not None:
            group.on_main(lambda: store.check_writable(config))
            group.on_main(lambda: stack.enter_context(store.lock(config)))
            done = None if force else group.on_main(lambda: store.find(config))
            if done is not None:  # another process has just finished this run
                return replace(done, was_done=True)
            checkpoints = Checkpoints(store.work(config.run_id), config.run_id)
            if keep_best and group.main:
                called.append(BestModel(store, config.run_id, resumed=resume))
            signals = stack.enter_context(StopSignals())
            called.append(CheckpointGuard(checkpoints, signals, every))
        trainer = trainer_class(config)(
            config, built, processes=group, callbacks=called, compiled=compiled
        )
        if store is not None and checkpoints is not None:
            _prepare(trainer, store, checkpoints, resume=resume)
        options = {"channels_last": channels_last, "deterministic": deterministic}
        record = _train(trainer, store, checkpoints, options | {"compiled": compiled})
        if store is not None and keep_checkpoint and record.status == "finished":
            keep_final_state(trainer, store)
        return record


def _config_of(
    problem: str | Problem | RunConfig, optimizer: OptimizerLike | None, settings: dict[str, Any]
) -> RunConfig:
    """Returns the configuration that was given, or the one that the arguments define."""
    if isinstance(problem, RunConfig):
        given = [*settings] if optimizer is None else ["optimizer", *settings]
        if given:
            raise UsageError(f"The RunConfig already sets {given[0]}: leave {given[0]} out.")
        return problem
    check_keywords(run, settings)
    if optimizer is None:
        raise UsageError("run needs optimizer: a name or a class.")
    return RunConfig(problem=problem, optimizer=optimizer, **settings)


def _train(
    trainer: Trainer,
    store: ResultsStore | None,
    checkpoints: Checkpoints | None,
    options: Mapping[str, Any],
) -> Record:
    """Trains to the end, writes the record and calls the callbacks."""
    config, callbacks, group = trainer.config, trainer.callbacks, trainer.processes
    try:
        callbacks.on_run_start(config, trainer.built)
        trainer.fit()
        record = record_of(trainer, environment_of(trainer, **options))
        if store is not None and checkpoints is not None:
            record = group.on_main(lambda: store.save(config, record))
            group.on_main(checkpoints.remove)
        callbacks.on_run_end(record)
    except BaseException as error:
        callbacks.on_error(error)
        raise
    finally:
        callbacks.close()
    return record


def build_problem(
    config: RunConfig, device: torch.device, data_root: str | Path | None
) -> BuiltProblem:
    """Builds the problem.

    Raises:
        UsageError: If the configuration does not fit the data.
    """
    try:
        built = build(
            config.problem_to_train,
            seed=config.seed,
            device=device,
            batch_size=config.batch_size,
            weight_decay=config.weight_decay,
            data_root=data_root,
            validation=config.validation,
            replay=config.replay,
        )
        built.num_batches("train")  # raises an error for a batch larger than the training set
        if config.gradient_accumulation_steps > 1 and isinstance(built.dataset, FullBatchDataset):
            raise ValueError(
                f"{config.problem_name} trains on one batch that cannot be split: "
                "gradient_accumulation_steps must be 1."
            )
    except ValueError as error:
        if type(error) is not ValueError:  # others, such as corrupt data, have their own messages
            raise
        raise UsageError(str(error)) from error
    return built


def _own_noise(built: BuiltProblem, group: Processes) -> None:
    """Gives every process but the first its own random state, so that dropout masks differ."""
    if group.rank:
        seed = derive_seed(built.seed, "noise", group.rank)
        noise = torch.Generator(built.device).manual_seed(seed).get_state()
        built.load_state_dict({**built.state_dict(), "noise": noise})


def _prepare(
    trainer: Trainer, store: ResultsStore, checkpoints: Checkpoints, *, resume: bool
) -> None:
    """Restores the last checkpoint, or removes leftover checkpoints without `resume`."""
    group = trainer.processes
    if not resume:
        group.on_main(checkpoints.remove)
        return

    def take_up() -> dict[str, Any] | None:
        state = checkpoints.load(trainer.load_state_dict)
        return take_up_shorter_run(trainer, store) if state is None else state

    state = group.on_main(take_up)
    if state is not None:
        trainer.resumed = why_not_resumed_exactly(trainer) or "exactly"
    if state is not None and not group.main:
        trainer.load_state_dict(state)
