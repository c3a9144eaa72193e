"""Streaming of JPEG files: images per second per worker, memory by number of files, corrupt files.

    python benchmarks/imagenet_streaming.py [--files 2000] [--corrupt 5] [--workers 0 1 2]

Writes a tree of generated JPEG files of mixed sizes and modes (one in ten grey, one CMYK, one lying
on its side), damages a few, and goes through an epoch without a model. Memory is the peak of a
fresh process and its workers together (Linux only), for a quarter of the files and for all.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from deepobs.data import CorruptFilesWarning, imagenet
from deepobs.data.testing import write_stand_in

BATCH_SIZE = (
    100  # as imagenet_vgg16; divides the number of files: training drops an incomplete batch
)


def write_tree(root: Path, files: int, corrupt: int) -> list[Path]:
    """Writes the files and damages some of them for training; returns those."""
    write_stand_in("imagenet", root, num_train=files, num_test=10)
    train = sorted((root / "imagenet/train").rglob("*.JPEG"))
    damaged = train[:: max(1, len(train) // max(1, corrupt))][:corrupt]
    for number, path in enumerate(damaged):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if number % 2 else b"not an image")
    return damaged


def stream(root: Path, workers: int) -> dict[str, object]:
    """Goes through one epoch: images, seconds from the first batch on, peak memory, reports."""
    torch.set_num_threads(1)
    data = imagenet(root=root, num_workers=workers)
    images, memory, own = 0, 0.0, 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CorruptFilesWarning)
        begin = time.perf_counter()
        batches = data.batches("train", batch_size=BATCH_SIZE)
        images_first = len(next(batches).inputs)
        first = time.perf_counter()
        for number, batch in enumerate(batches):
            images += len(batch.inputs)
            if number % 4 == 0:  # to look costs time too
                workers_at_it = [child.pid for child in multiprocessing.active_children()]
                own = max(own, used_memory([os.getpid()]))
                memory = max(memory, used_memory([os.getpid(), *workers_at_it]))
        seconds = time.perf_counter() - first
    return {
        "images": images_first + images,
        "start_up": first - begin,
        "rate": images / seconds,
        "memory": memory,
        "own": own,
        "reports": [str(warning.message) for warning in caught],
    }


def used_memory(processes: list[int | None]) -> float:
    """Returns what some processes use, in MiB; pages that they share count once."""
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # a worker that has just ended, or no Linux
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def measure(root: Path, workers: int) -> dict[str, Any]:
    """Runs `stream` in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--stream", str(root), "--workers", str(workers)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600)
    return dict(json.loads(answer.stdout))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--corrupt", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--stream", type=Path, help=argparse.SUPPRESS)  # what `measure` starts
    options = parser.parse_args()
    if options.stream:
        print(json.dumps(stream(options.stream, options.workers[0])))
        return
    print(f"{os.cpu_count()} processors, batches of {BATCH_SIZE}, {options.files} files")
    with tempfile.TemporaryDirectory() as folder:
        whole, quarter = Path(folder, "whole"), Path(folder, "quarter")
        damaged = write_tree(whole, options.files, options.corrupt)
        write_tree(quarter, options.files // 4, 0)
        for workers in options.workers:
            taken = measure(whole, workers)
            print(
                f"{workers} workers: {taken['rate']:8.1f} images/s,"
                f" {taken['rate'] / max(1, workers):8.1f} each; first batch after"
                f" {taken['start_up']:.1f} s; {len(taken['reports'])} reports of corrupt files"
            )
        print("\nWhat is reported:")
        print("\n".join(f"  {report.replace(folder, '…')}" for report in taken["reports"]))
        named = sum(str(path) in "".join(taken["reports"]) for path in damaged)
        print(f"  {named} of {len(damaged)} corrupt files are named\n")
        for name, root in (("a quarter", quarter), ("all", whole)):
            taken = measure(root, options.workers[-1])
            print(
                f"peak memory with {name} of the files ({taken['images']:,} images):"
                f" {taken['memory']:,.0f} MiB, {taken['own']:,.0f} of them the training process's"
            )


if __name__ == "__main__":
    main()
