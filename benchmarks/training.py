"""An epoch of training: the runner's against a bare loop and against torchvision + DataLoader.

    python benchmarks/training.py [--examples 60000] [--repeats 3] [--device cpu] [PROBLEM ...]

All three train the same model with SGD on the same generated files in MNIST's format, turn by turn;
each figure is the median of the repeats. The bare loop has its batches in memory as float tensors
and does forward, backward and step, nothing else. The pipeline is what people write: a torchvision
data set with ToTensor, a shuffling DataLoader without worker processes, one Python call an image.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from deepobs.data.testing import write_stand_in
from deepobs.problems import BuiltProblem, build
from deepobs.runner import run

LR = 0.01
# Problem -> how much longer than the bare loop it may take, how much faster than the pipeline.
REQUIRED = {"mnist_logreg": (1.3, 15.0), "mnist_mlp": (1.1, 2.5), "fmnist_2c2d": (1.1, 1.0)}
TORCHVISION = {"mnist": datasets.MNIST, "fmnist": datasets.FashionMNIST}


def runner_epoch(problem: str, root: str, device: str) -> float:
    """Seconds of an epoch as `run` trains it: the second, for the first warms up."""
    record = run(problem, "SGD", lr=LR, epochs=2, data_root=root, device=device, progress="off")
    return record.epoch_seconds[1]


def loop_epoch(built: BuiltProblem, batches: Iterable[tuple[Tensor, Tensor]], device: str) -> float:
    """Seconds of an epoch of the usual loop over given batches."""
    optimizer = torch.optim.SGD(built.model.parameters(), lr=LR)
    begin = time.perf_counter()
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = functional.cross_entropy(built.model(inputs.to(device)), targets.to(device))
        loss.backward()
        optimizer.step()
    if device != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter() - begin


def contenders(problem: str, root: str, device: str) -> dict[str, Callable[[], float]]:
    """What is timed, by name."""
    built = build(problem, data_root=root, device=device)
    in_memory = [(inputs.clone(), targets) for inputs, targets in built.batches("train")]
    images = TORCHVISION[problem.split("_")[0]](root, transform=transforms.ToTensor())
    loader = DataLoader(images, batch_size=built.batch_size, shuffle=True, drop_last=True)
    return {
        "runner": partial(runner_epoch, problem, root, device),
        "bare loop": partial(loop_epoch, built, in_memory, device),
        "pipeline": partial(loop_epoch, built, loader, device),
    }


def measure(problem: str, root: str, device: str, repeats: int) -> dict[str, float]:
    """The median of each contender, taken turn by turn after one turn to warm up."""
    timed = contenders(problem, root, device)
    turns = [{name: epoch() for name, epoch in timed.items()} for _ in range(repeats + 1)]
    return {name: statistics.median(turn[name] for turn in turns[1:]) for name in timed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(REQUIRED), metavar="PROBLEM")
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print(f"{arguments.device}, {torch.get_num_threads()} threads, {arguments.examples} examples")
    with tempfile.TemporaryDirectory() as root:
        for name in ("mnist", "fashion_mnist"):  # few test images: evaluation is not timed
            write_stand_in(name, root, num_train=arguments.examples, num_test=100)
        for problem in arguments.problems:
            seconds = measure(problem, root, arguments.device, arguments.repeats)
            over = seconds["runner"] / seconds["bare loop"]
            faster = seconds["pipeline"] / seconds["runner"]
            most, least = REQUIRED[problem]
            figures = ", ".join(f"{name} {value:.3f} s" for name, value in seconds.items())
            print(f"{problem}: {figures}", flush=True)
            print(f"  {over:.2f} x the bare loop's time (at most {most})")
            print(f"  {faster:.1f} x faster than the pipeline (at least {least})", flush=True)


if __name__ == "__main__":
    main()
