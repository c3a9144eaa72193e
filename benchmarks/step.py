"""The time that the runner adds to a bare loop, by part of the step, in microseconds.

    python benchmarks/step.py [--repeats 15] [PROBLEM ...]

The bare loop has its batches in memory and does the forward pass, the backward pass and the
optimizer's step. It alternates with epochs of the runner's trainer, on one thread. Each part is
also measured alone, so that the sum tells where the difference comes from. All figures are the
least of the repeats, in time of the processor: neighbours on the machine disturb it little.
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
from torch import Tensor
from torch.nn import functional

from deepobs.data import Batch
from deepobs.data.testing import write_stand_in
from deepobs.problems import BuiltProblem, build
from deepobs.runner import RunConfig, Trainer
from deepobs.runner.training._checkpoint import Checkpoints
from deepobs.runner.training._guard import CheckpointGuard
from deepobs.runner.training._signals import StopSignals

LR = 0.01
#: Problem -> most microseconds that the runner may add to a step, and most times the bare loop.
REQUIRED = {"digits_mlp": (15.0, None), "mnist_logreg": (None, 1.1)}


def bare_epoch(
    built: BuiltProblem, optimizer: torch.optim.Optimizer, batches: list[Batch]
) -> Tensor:
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = functional.cross_entropy(built.model(inputs), targets)
        loss.backward()
        optimizer.step()
    return loss


def runner_epoch(trainer: Trainer) -> None:
    trainer.step_in_epoch = 0
    trainer.train_epoch()


def microseconds(function: Callable[[], object], repeats: int, calls: int = 2000) -> float:
    """Returns the least time of a call."""
    times = timeit.repeat(function, timer=process_time, number=calls, repeat=repeats)
    return min(times) / calls * 1e6


def steps(
    trainer: Trainer, bare_built: BuiltProblem, batches: list[Batch], repeats: int
) -> tuple[float, float]:
    """Returns the time of a step of the bare loop, and of the runner; they alternate."""
    optimizer = torch.optim.SGD(bare_built.model.parameters(), lr=LR)
    epochs = max(1, 400 // len(batches))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        bare = microseconds(lambda: bare_epoch(bare_built, optimizer, batches), 1, epochs)
        runner = microseconds(lambda: runner_epoch(trainer), 1, epochs)
        times[0].append(bare / len(batches))
        times[1].append(runner / len(batches))
    return min(times[0][1:]), min(times[1][1:])


def objective_minus_bare(trainer: Trainer, batch: Batch, repeats: int) -> float:
    """Returns what the problem's objective costs above the model and the loss function."""
    built, (inputs, targets) = trainer.built, batch
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        usual = lambda: functional.cross_entropy(built.model(inputs), targets)  # noqa: E731
        times[0].append(microseconds(usual, 1))
        times[1].append(microseconds(lambda: built.objective(batch), 1))
    return min(times[1]) - min(times[0])


def parts(trainer: Trainer, batch: Batch, repeats: int) -> dict[str, float]:
    """Returns the time of each part of a step."""
    built, stepper = trainer.built, trainer.stepper
    count = built.num_batches("train")
    loss = torch.zeros(())

    def one_pass() -> None:
        for _ in built.batches("train"):
            pass

    def timer() -> None:
        stepper.timer.begin()
        stepper.timer.end()
        stepper.timer.stepped()

    def scaler() -> None:
        stepper.scaler.scale(loss)
        stepper.scaler.update()

    def buffer() -> None:
        trainer.losses[0] = loss

    calls = {
        "timer": timer,
        "scaler, disabled": scaler,
        "loss buffer": buffer,
        "schedule, constant": trainer.schedule.after_step,
        "guard of checkpoints": lambda: trainer.callbacks.on_step_end(trainer),
    }
    return {
        "gather and transform": microseconds(one_pass, repeats, max(1, 400 // count)) / count,
        "objective": objective_minus_bare(trainer, batch, repeats),
        **{name: microseconds(call, repeats) for name, call in calls.items()},
        "look for divergence": microseconds(trainer.is_diverged, repeats) / 10,
    }


def measure(problem: str, root: str, repeats: int) -> None:
    """Prints the table of a problem."""
    built = build(problem, data_root=root)
    config = RunConfig(problem=problem, optimizer="SGD", lr=LR)
    with StopSignals() as signals:
        guard = CheckpointGuard(Checkpoints(Path(root) / "work", "step"), signals, every=1e6)
        trainer = Trainer(config, built, callbacks=[guard])
        batches = list(built.batches("train"))
        bare, runner = steps(trainer, build(problem, data_root=root), batches, repeats)
        found = parts(trainer, batches[0], repeats)
    print(f"{problem}: {len(batches)} steps an epoch, microseconds a step")
    for name, value in found.items():
        print(f"  {name:24}{value:8.2f}")
    rest = runner - bare - sum(found.values())
    print(f"  {'calls between them':24}{rest:8.2f}")
    most, times = REQUIRED.get(problem, (None, None))
    state(f"{problem}: step of the bare loop", bare, "µs")
    state(f"{problem}: step of the runner - bare loop", runner - bare, "µs", at_most=most)
    state(f"{problem}: step of the runner / bare loop", runner / bare, at_most=times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(REQUIRED), metavar="PROBLEM")
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        write_stand_in("mnist", root, num_train=60_000, num_test=100)
        for problem in arguments.problems:
            measure(problem, root, arguments.repeats)


if __name__ == "__main__":
    main()
