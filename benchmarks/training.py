"""Compares an epoch of the runner with a bare loop and with torchvision and a DataLoader.

    python benchmarks/training.py [--repeats 3] [--device cpu] [PROBLEM ...]

All of them train the same model with SGD on the same generated files, alternately; each figure is
the median of the repeats. The bare loop has its batches in memory as float tensors and does only
the forward pass, the backward pass (of the loss and the L2 term) and the step. The pipelines are
the usual ones: a torchvision data set that transforms one image at a time and a shuffling
DataLoader, without worker processes and, for color images, with two.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import torch
from figures import state
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from deepobs.data.testing import write_stand_in
from deepobs.problems import BuiltProblem, build
from deepobs.runner import run

LR = 0.01


class CIFAR10(datasets.CIFAR10):
    """torchvision's class on generated files: other checksums, and no file of class names."""

    def _check_integrity(self) -> bool:
        return True

    def _load_meta(self) -> None:
        pass


class SVHN(datasets.SVHN):
    """torchvision's class on generated files: other checksums."""

    def _check_integrity(self) -> bool:
        return True


def standardize(image: Tensor) -> Tensor:
    return (image - image.mean()) / image.std()


def colour(*flip: object) -> transforms.Compose:
    """DeepOBS's augmentation as users of torchvision write it."""
    jitter = transforms.ColorJitter(brightness=63 / 255, saturation=0.5, contrast=0.8)
    crop = transforms.RandomCrop(32, padding=2)
    return transforms.Compose([crop, *flip, jitter, transforms.ToTensor(), standardize])


class Task(NamedTuple):
    """A problem to train, the number of examples, and the bounds for the runner."""

    dataset: str
    images: Callable[[str], object]
    examples: int
    workers: tuple[int, ...]
    over_bare_loop: float
    faster_than_pipeline: float


GREY = transforms.ToTensor()
FLIPPED = colour(transforms.RandomHorizontalFlip())
TASKS = {
    "mnist_logreg": Task(
        "mnist", lambda root: datasets.MNIST(root, transform=GREY), 60_000, (0,), 1.3, 15.0
    ),
    "mnist_mlp": Task(
        "mnist", lambda root: datasets.MNIST(root, transform=GREY), 60_000, (0,), 1.1, 2.5
    ),
    "fmnist_2c2d": Task(
        "fashion_mnist",
        lambda root: datasets.FashionMNIST(root, transform=GREY),
        8_000,
        (0,),
        1.1,
        1.0,
    ),
    "cifar10_3c3d": Task(
        "cifar10", lambda root: CIFAR10(root, transform=FLIPPED), 5_000, (0, 2), 1.15, 1.0
    ),
    "svhn_wrn164": Task(
        "svhn", lambda root: SVHN(f"{root}/SVHN", transform=colour()), 768, (0, 2), 1.15, 1.0
    ),
}


def runner_epoch(problem: str, root: str, device: str) -> float:
    """Returns the seconds of the second epoch of `run`; the first one warms up."""
    record = run(problem, "SGD", lr=LR, epochs=2, data_root=root, device=device, progress="off")
    return record.epoch_seconds[1]


def loop_epoch(built: BuiltProblem, batches: Iterable[tuple[Tensor, Tensor]], device: str) -> float:
    """Returns the seconds of an epoch of the usual loop over given batches."""
    optimizer = torch.optim.SGD(built.model.parameters(), lr=LR)
    begin = time.perf_counter()
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = functional.cross_entropy(built.model(inputs.to(device)), targets.to(device))
        if built.weight_decay:
            loss = loss + built.regularizer()
        loss.backward()
        optimizer.step()
    if device != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter() - begin


def contenders(problem: str, root: str, device: str) -> dict[str, Callable[[], float]]:
    """Returns the functions that are timed, by name."""
    task = TASKS[problem]
    built = build(problem, data_root=root, device=device)
    in_memory = [(inputs.clone(), targets) for inputs, targets in built.batches("train")]
    timed = {
        "runner": partial(runner_epoch, problem, root, device),
        "bare loop": partial(loop_epoch, built, in_memory, device),
    }
    for workers in task.workers:
        loader = DataLoader(
            task.images(root),
            batch_size=built.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
        )
        timed[f"pipeline with {workers} workers"] = partial(loop_epoch, built, loader, device)
    return timed


def measure(problem: str, root: str, device: str, repeats: int) -> dict[str, float]:
    """Returns the median of each contender; they alternate, after one round to warm up."""
    timed = contenders(problem, root, device)
    turns = [{name: epoch() for name, epoch in timed.items()} for _ in range(repeats + 1)]
    return {name: statistics.median(turn[name] for turn in turns[1:]) for name in timed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(TASKS), metavar="PROBLEM")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print(f"{arguments.device}, {torch.get_num_threads()} threads")
    for problem in arguments.problems:
        task = TASKS[problem]
        with tempfile.TemporaryDirectory() as root:  # few test images: evaluation is not timed
            write_stand_in(task.dataset, root, num_train=task.examples, num_test=100)
            seconds = measure(problem, root, arguments.device, arguments.repeats)
        print(f"{problem}: {task.examples} examples", flush=True)
        for name, value in seconds.items():
            print(f"  {name}: {value:.3f} s, {value / seconds['bare loop']:.2f} x the bare loop")
        over = seconds["runner"] / seconds["bare loop"]
        faster = seconds["pipeline with 0 workers"] / seconds["runner"]
        state(f"{problem}: runner / bare loop", over, at_most=task.over_bare_loop)
        least = task.faster_than_pipeline
        state(f"{problem}: pipeline / runner", faster, at_least=least)


if __name__ == "__main__":
    main()
