"""Estimates of a sweep's number of runs and duration, from a few timed steps."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import torch

from deepobs.data import Batch, Phase
from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import ResultsStore
from ..training import (
    arithmetic,
    autocast,
    build_problem,
    choose_device,
    isolated,
    own_threads,
    trainer_class,
)
from ._plan import LeftOut

_WARM_UP_STEPS = 3
_TIMED_STEPS = 20
_TIMED_SECONDS = 2.0  # per group
_COSTLY = (
    *("problem", "batch_size", "optimizer", "hyperparameters", "precision"),
    "gradient_accumulation_steps",
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of runs with the same cost per step; learning rate, schedule and seed may differ.

    Attributes:
        problem: The problem's name.
        batch_size: Examples per step.
        optimizer: The optimizer's name, with its module unless it is one of torch's.
        hyperparameters: The optimizer's other arguments, by name.
        precision: Arithmetic of the training.
        gradient_accumulation_steps: Micro-batches per step.
        runs: Number of remaining runs.
        step_seconds: Time of one training step.
        run_seconds: Mean time of one run: its steps and its evaluations.
    """

    problem: str
    batch_size: int
    optimizer: str
    hyperparameters: Mapping[str, Any]
    precision: str
    gradient_accumulation_steps: int
    runs: int
    step_seconds: float
    run_seconds: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimated size and duration of a sweep.

    Attributes:
        runs: Number of runs in the plan.
        done: Number of runs with a record.
        workers: Number of parallel runs.
        groups: The remaining runs, grouped by cost per step.
        left_out: The combinations of settings that an optimizer refuses.
    """

    runs: int
    done: int
    workers: int
    groups: tuple[Group, ...]
    left_out: Sequence[LeftOut] = ()

    @property
    def seconds(self) -> float:
        """Estimated time of the remaining runs, divided by the number of workers."""
        return sum(group.runs * group.run_seconds for group in self.groups) / self.workers


def estimate(
    runs: Sequence[RunConfig],
    *,
    results: str | Path,
    workers: int,
    threads: int,
    device: str = "auto",
    data_root: str | Path | None = None,
) -> Estimate:
    """Times a few steps of each group of runs.

    Args:
        runs: The plan's runs.
        results: Folder that may contain records of some of the runs.
        workers: Number of parallel runs.
        threads: Threads per worker.
        device: Device of the runs.
        data_root: Folder of the data sets.

    Returns:
        Numbers of runs and times; workers are assumed not to slow each other down.

    Raises:
        UsageError: If a run's settings do not fit its data.
        OptimizerError: If an optimizer raised an error in its step.
    """
    store = ResultsStore(results)
    groups: dict[str, list[RunConfig]] = {}
    to_do = [run for run in runs if store.find(run) is None]
    for run in to_do:
        content = run.to_dict()
        groups.setdefault(repr([content[name] for name in _COSTLY]), []).append(run)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        timed = tuple(_time_group(members, device, data_root) for members in groups.values())
    finally:
        torch.set_num_threads(before)
    return Estimate(
        runs=len(runs),
        done=len(runs) - len(to_do),
        workers=min(workers, len(to_do) or 1),
        groups=timed,
    )


def _time_group(runs: Sequence[RunConfig], device: str, data_root: str | Path | None) -> Group:
    config = runs[0]
    chosen = choose_device(device, 0)
    with isolated(chosen), ExitStack() as stack:
        stack.enter_context(arithmetic(config.precision, deterministic=False))
        built = build_problem(config, chosen, data_root)
        stack.enter_context(own_threads(built, None))
        trainer = trainer_class(config)(config, built)
        step_seconds = _time(built, "train", trainer.training_step)
        with torch.no_grad(), autocast(config.precision, built.device):
            evaluation_seconds = _time(built, "test", built.losses)
    phases: tuple[Phase, ...] = ("train_eval", "test")
    if config.validation:
        phases = (*phases, "valid")
    evaluation = evaluation_seconds * sum(built.num_batches(phase) for phase in phases)
    epoch = step_seconds * built.num_batches("train") + evaluation
    epochs = sum(run.epochs for run in runs) / len(runs)
    return Group(
        problem=config.problem_name,
        batch_size=built.batch_size,
        optimizer=config.to_dict()["optimizer"],
        hyperparameters=config.hyperparameters,
        precision=config.precision,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        runs=len(runs),
        step_seconds=step_seconds,
        run_seconds=epochs * epoch + evaluation,
    )


def _time(built: BuiltProblem, phase: Phase, step: Callable[[Batch], object]) -> float:
    """Returns the seconds per step on the phase's batches, without warm-up."""
    batches = chain.from_iterable(built.batches(phase, epoch=epoch) for epoch in count())
    for batch in islice(batches, _WARM_UP_STEPS):
        step(batch)
    _wait_for(built.device)
    started, steps = time.perf_counter(), 0
    for batch in islice(batches, _TIMED_STEPS):
        step(batch)
        steps += 1
        if time.perf_counter() - started > _TIMED_SECONDS:
            break
    _wait_for(built.device)
    return (time.perf_counter() - started) / steps


def _wait_for(device: torch.device) -> None:
    """Synchronises with the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
