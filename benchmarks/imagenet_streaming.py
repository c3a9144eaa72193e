"""Streaming of JPEG files: images per second per worker, memory by number of files, corrupt files.

    python benchmarks/imagenet_streaming.py [--files 2000] [--corrupt 5] [--workers 0 1 2]

Writes a tree of generated JPEG files of mixed sizes and modes (one in ten grey, one CMYK, one lying
on its side), damages a few, and goes through an epoch without a model. Memory is the peak of a
fresh process and its workers together (Linux only), for a quarter of the files and for all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from deepobs.data import CorruptFilesWarning, imagenet
from deepobs.data.testing import write_stand_in

BATCH_SIZE = 40  # divides the number of files: training drops an incomplete batch


def write_tree(root: Path, files: int, corrupt: int) -> list[Path]:
    """Writes the files and damages some of them for training; returns those."""
    write_stand_in("imagenet", root, num_train=files, num_test=10)
    train = sorted((root / "imagenet/train").rglob("*.JPEG"))
    damaged = train[:: max(1, len(train) // max(1, corrupt))][:corrupt]
    for number, path in enumerate(damaged):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if number % 2 else b"not an image")
    return damaged


def stream(root: Path, workers: int, answer: Connection) -> None:
    """Goes through one epoch; sends the images, seconds, peak memory in MiB and the reports."""
    torch.set_num_threads(1)
    data = imagenet(root=root, num_workers=workers)
    images, memory = 0, 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CorruptFilesWarning)
        begin = time.perf_counter()
        for batch in data.batches("train", batch_size=BATCH_SIZE):
            images += len(batch.inputs)
            memory = max(memory, used_memory())
        seconds = time.perf_counter() - begin
    answer.send((images, seconds, memory, [str(w.message) for w in caught]))


def used_memory() -> float:
    """Returns what this process and its workers use, in MiB; pages that they share count once."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # a worker that has just ended, or no Linux
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def measure(root: Path, workers: int) -> tuple[int, float, float, list[str]]:
    """Runs `stream` in a fresh process, so that its peak memory is its own."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(
        target=stream, args=(root, workers, sender)
    )
    child.start()
    result: tuple[int, float, float, list[str]] = receiver.recv()
    child.join()
    return result


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--corrupt", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, batches of {BATCH_SIZE}, {options.files} files")
    with tempfile.TemporaryDirectory() as folder:
        whole, quarter = Path(folder, "whole"), Path(folder, "quarter")
        damaged = write_tree(whole, options.files, options.corrupt)
        write_tree(quarter, options.files // 4, 0)
        for workers in options.workers:
            images, seconds, _, reports = measure(whole, workers)
            rate = images / seconds
            print(
                f"{workers} workers: {rate:8.1f} images/s, {rate / max(1, workers):8.1f} each;"
                f" {len(reports)} reports of corrupt files"
            )
        print("\nWhat is reported:")
        print("\n".join(f"  {report.replace(folder, '…')}" for report in reports))
        named = sum(str(path) in "".join(reports) for path in damaged)
        print(f"  {named} of {len(damaged)} corrupt files are named\n")
        workers = options.workers[-1]
        for name, root in (("a quarter", quarter), ("all", whole)):
            images, _, used, _ = measure(root, workers)
            print(f"peak memory with {name} of the files ({images:,} images): {used:,.0f} MiB")


if __name__ == "__main__":
    main()
