"""Compares loading of tables and images with torch's DataLoader, in batches a second.

    python benchmarks/tables.py [--repeats 5]

Both go through one shuffled epoch of the same generated file on one thread, alternately; each
figure is the median of the repeats. The DataLoader has no workers and reads a TensorDataset, one
example at a time, as the sources of these problems do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable

import torch
from figures import state
from torch.utils.data import DataLoader, TensorDataset

from deepobs.data import DiffusionDataset, load_dataset
from deepobs.data.testing import write_stand_in

#: Batch size, and numbers of training and test examples, of each data set.
CASES = {
    "movielens_100k": (128, 80_000, 20_000),
    "california_housing": (256, 16_512, 4_128),
    "mnist": (64, 8_000, 2_000),
}


def seconds(epoch: Callable[[], Iterable[object]]) -> float:
    """Returns the time to go through an epoch."""
    begin = time.perf_counter()
    for _ in epoch():
        pass
    return time.perf_counter() - begin


def compare(name: str, repeats: int) -> None:
    """States the batches a second of both, and their ratio."""
    batch_size, num_train, num_test = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        write_stand_in(name, folder, num_train=num_train, num_test=num_test)
        data = load_dataset(name, root=folder)
    stored, targets = data.arrays("train")
    if name == "mnist":
        data = DiffusionDataset(data)
    loader = DataLoader(
        TensorDataset(stored, targets), batch_size=batch_size, shuffle=True, drop_last=True
    )

    def theirs() -> Iterable[object]:
        for inputs, _ in loader:
            if name == "mnist":  # images, noise and steps
                yield inputs / 255, torch.randn(inputs.shape), torch.randint(1000, (len(inputs),))
            else:
                yield inputs

    times = [
        (seconds(lambda: data.batches("train", batch_size=batch_size)), seconds(theirs))
        for _ in range(repeats)
    ]
    ours, others = (statistics.median(column) for column in zip(*times, strict=True))
    batches = data.num_batches("train", batch_size)
    label = "mnist with the noise of a diffusion" if name == "mnist" else name
    state(f"{label}: batches", batches / ours, "1/s")
    state(f"{label}: batches of a DataLoader", batches / others, "1/s")
    state(f"{label}: time of a DataLoader / ours", others / ours, at_least=1.0)


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in CASES:
        compare(name, arguments.repeats)


if __name__ == "__main__":
    main()
