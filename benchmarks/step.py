"""The time that the runner adds to a bare loop, by part of the step, in microseconds.

    python benchmarks/step.py [--repeats 30] [PROBLEM ...]

The bare loop has its batches in memory and does the forward pass, the backward pass and the
optimizer's step. Each further loop does one more of what the runner does, up to the runner's own
epoch, so that a part costs what it adds in its place: alone in a loop, with everything in the
processor's caches, it costs less. The loops alternate, on one thread. All figures are the least of
the repeats, in time of the processor: neighbours on the machine disturb it little.
"""

from __future__ import annotations

import argparse
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from time import process_time

import torch
from figures import state
from torch.nn import functional

from deepobs.data import Batch
from deepobs.data.testing import write_stand_in
from deepobs.problems import build
from deepobs.runner import RunConfig, Trainer
from deepobs.runner.training._checkpoint import Checkpoints
from deepobs.runner.training._guard import CheckpointGuard
from deepobs.runner.training._signals import StopSignals

LR = 0.01
#: Problem -> most microseconds that the runner may add to a step, and most times the bare loop.
REQUIRED = {"digits_mlp": (15.0, None), "mnist_logreg": (None, 1.1)}


def loops(trainer: Trainer, batches: list[Batch]) -> dict[str, Callable[[], None]]:
    """Returns one epoch of each loop, by what it does beyond the one before it."""
    built, optimizer = trainer.built, trainer.optimizer

    def bare() -> None:
        for inputs, targets in batches:
            optimizer.zero_grad()
            functional.cross_entropy(built.model(inputs), targets).backward()
            optimizer.step()

    def objective() -> None:
        for batch in batches:
            optimizer.zero_grad()
            built.objective(batch).backward()
            optimizer.step()

    def gather() -> None:
        for batch in built.batches("train"):
            optimizer.zero_grad()
            built.objective(batch).backward()
            optimizer.step()

    def buffer() -> None:
        for index, batch in enumerate(built.batches("train")):
            optimizer.zero_grad()
            loss = built.objective(batch)
            loss.backward()
            optimizer.step()
            trainer.losses[index] = loss.detach()

    def stepper() -> None:
        for index, batch in enumerate(built.batches("train")):
            trainer.losses[index] = trainer.training_step(batch)

    def runner() -> None:
        trainer.step_in_epoch = 0
        trainer.train_epoch()

    return {
        "bare loop": bare,
        "objective": objective,
        "gather and transform": gather,
        "loss buffer": buffer,
        "timer, scaler, kind of call": stepper,
        "schedule, guard, divergence": runner,
    }


def microseconds(trainer: Trainer, batches: list[Batch], repeats: int) -> dict[str, float]:
    """Returns the least time of a step in each loop."""
    epochs = max(1, 400 // len(batches))
    times: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, epoch in loops(trainer, batches).items():
            taken = timeit.timeit(epoch, timer=process_time, number=epochs)
            times.setdefault(name, []).append(taken / epochs / len(batches) * 1e6)
    return {name: min(found) for name, found in times.items()}


def measure(problem: str, root: str, repeats: int) -> None:
    """Prints the table of a problem."""
    built = build(problem, data_root=root)
    config = RunConfig(problem=problem, optimizer="SGD", lr=LR)
    with StopSignals() as signals:
        guard = CheckpointGuard(Checkpoints(Path(root) / "work", "step"), signals, every=1e6)
        trainer = Trainer(config, built, callbacks=[guard])
        batches = list(built.batches("train"))
        found = microseconds(trainer, batches, repeats)
    bare, runner = found["bare loop"], list(found.values())[-1]
    print(f"{problem}: {len(batches)} steps an epoch, microseconds a step")
    for (name, value), before in zip(found.items(), (0.0, *found.values()), strict=False):
        print(f"  {name:28}{value - before:8.1f}")
    most, times = REQUIRED.get(problem, (None, None))
    state(f"{problem}: step of the bare loop", bare, "µs")
    state(f"{problem}: step of the runner - bare loop", runner - bare, "µs", at_most=most)
    state(f"{problem}: step of the runner / bare loop", runner / bare, at_most=times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(REQUIRED), metavar="PROBLEM")
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        write_stand_in("mnist", root, num_train=60_000, num_test=100)
        for problem in arguments.problems:
            measure(problem, root, arguments.repeats)


if __name__ == "__main__":
    main()
