"""Measures every problem on a GPU: examples a second, and the share of a bare loop.

    python benchmarks/gpu.py [--device cuda] [--steps 30] [--history FILE] [PROBLEM ...]

Each problem trains with SGD on generated files. The bare loop has its batches on the device and
does only the forward pass, the backward pass and the step. Then come the precisions, channels-last
and compiled training on a few problems, the augmentation alone, and where the time of a step goes.
`--device cpu` shows without a GPU that the script works.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from deepobs.data import DATASETS, load_dataset
from deepobs.data.testing import write_stand_in
from deepobs.problems import PROBLEMS, BuiltProblem, build
from deepobs.runner import run

VARIED = ("cifar10_3c3d", "svhn_wrn164", "shakespeare_gpt", "fmnist_vit")
VARIANTS: dict[str, dict[str, Any]] = {
    "fp32": {"precision": "fp32"},
    "tf32": {"precision": "tf32"},
    "bf16": {"precision": "bf16"},
    "fp32, channels last": {"precision": "fp32", "channels_last": True},
    "bf16, channels last": {"precision": "bf16", "channels_last": True},
    "bf16, compiled": {"precision": "bf16", "compile": True},
}


def synchronize(device: str) -> None:
    """Waits until the device has finished."""
    if device != "cpu":
        torch.accelerator.synchronize()


def seconds(action: Callable[[], object], device: str, repeats: int = 3) -> float:
    """Returns the least seconds of several calls, after one to warm up."""
    times = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        action()
        synchronize(device)
        times.append(time.perf_counter() - begin)
    return min(times[1:])


def bare_loop(built: BuiltProblem, batches: list[Any]) -> None:
    """Trains one pass over batches that are on the device."""
    optimizer = torch.optim.SGD(built.model.parameters(), lr=1e-4)
    loss_module: nn.Module = built.problem.loss(reduction="mean")
    plain = built.problem.regularized(built.model)
    regularized = list(plain) if built.weight_decay else []
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_module(built.output(batch), built.problem.target(batch))
        if regularized:
            loss = loss + 0.5 * built.weight_decay * sum(p.square().sum() for p in regularized)
        loss.backward()
        optimizer.step()


def epoch_seconds(name: str, root: str, device: str, **options: Any) -> float:
    """Returns the seconds of the runner's second epoch; the first one warms up."""
    where = {"data_root": root, "device": device, "progress": "off"}
    return run(name, "SGD", lr=1e-4, epochs=2, **where, **options).epoch_seconds[1]


def measure(name: str, root: str, device: str) -> dict[str, float]:
    """Returns the throughput of a problem, in examples a second, and its share of the bare loop."""
    built = build(name, data_root=root, device=device)
    batches = list(built.batches("train"))
    examples = sum(batch.num_examples for batch in batches)
    bare = seconds(lambda: bare_loop(built, batches), device)
    ours = epoch_seconds(name, root, device)
    return {"examples_per_second": examples / ours, "over_bare_loop": ours / bare}


def varied(name: str, root: str, device: str) -> Iterator[tuple[str, float]]:
    """Yields the examples a second of each variant."""
    built = build(name, data_root=root, device=device)
    examples = sum(batch.num_examples for batch in built.batches("train"))
    for variant, options in VARIANTS.items():
        try:
            yield variant, examples / epoch_seconds(name, root, device, **options)
        except Exception as error:  # noqa: BLE001 - a variant that a device lacks is named
            print(f"  {name}, {variant}: not measured: {str(error).splitlines()[0]}", flush=True)


def augmentation(root: str, device: str) -> float:
    """Returns the augmented images a second of CIFAR-10, in batches of 1,024."""
    data = load_dataset("cifar10", root=root).to(device)
    count = data.num_batches("train", 1024) * 1024
    passes = seconds(lambda: [None for _ in data.batches("train", batch_size=1024)], device)
    return count / passes


def profiled(name: str, root: str, device: str) -> str:
    """Returns the table of the ten operations that take the most time in an epoch."""
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == "cuda" else [])]
    with profile(activities=kinds) as recorded:
        epoch_seconds(name, root, device)
    order = "self_device_time_total" if device == "cuda" else "self_cpu_time_total"
    return str(recorded.key_averages().table(sort_by=order, row_limit=10))


def stand_in(name: str, root: str, steps: int) -> None:
    """Writes the files of a problem for a number of steps, where its data set has files."""
    entry = PROBLEMS[name].dataset
    dataset = next((key for key, value in DATASETS.items() if value is entry), None)
    if dataset and DATASETS[dataset].files:
        examples = steps * PROBLEMS[name].batch_size
        write_stand_in(dataset, root, num_train=examples, num_test=PROBLEMS[name].batch_size)


def each(names: list[str], steps: int) -> Iterator[tuple[str, str]]:
    """Yields each problem with a folder of data for it."""
    for name in names:
        with tempfile.TemporaryDirectory() as root:
            stand_in(name, root, steps)
            yield name, root


def main() -> None:
    """Prints every figure, and appends them to the history."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", metavar="PROBLEM")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=30, help="steps of an epoch")
    parser.add_argument("--history", type=Path, help="file to append one line of JSON to")
    arguments = parser.parse_args()
    device, steps = arguments.device, arguments.steps
    card = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    # A step of fineweb_gpt takes accumulation, which these loops do not have.
    names = arguments.problems or [name for name in PROBLEMS.ours if name != "fineweb_gpt"]
    figures: dict[str, Any] = {}
    print(f"{card}, torch {torch.__version__}")
    for name, root in each(names, steps):
        figures[name] = measure(name, root, device)
        rate, share = figures[name].values()
        print(f"{name}: {rate:,.0f} examples/s, {share:.2f} x the bare loop", flush=True)
    for name, root in each([name for name in VARIED if name in names], steps):
        for variant, rate in varied(name, root, device):
            figures[name][variant] = rate
            print(f"  {name}, {variant}: {rate:,.0f} examples/s", flush=True)
        print(profiled(name, root, device), flush=True)
    for _, root in each(["cifar10_3c3d"], steps):
        figures["augmentation"] = augmentation(root, device)
        print(f"augmentation: {figures['augmentation']:,.0f} images/s")
    if arguments.history:
        line = {"card": card, "torch": torch.__version__, "when": datetime.now(UTC).isoformat()}
        with arguments.history.open("a") as file:
            file.write(json.dumps({**line, "figures": figures}) + "\n")


if __name__ == "__main__":
    main()
