"""Measures the streaming of JPEG files: speed per worker, memory, and reports of corrupt files.

    python benchmarks/imagenet_streaming.py [--files 2000] [--corrupt 5] [--workers 0 1 2]

Writes generated JPEG files of mixed sizes and modes (a tenth grayscale, one CMYK, one rotated),
damages some of them, and iterates over an epoch without a model. Memory (on Linux) is that of a
fresh process and its workers when the queue of batches is full. Four passes over a quarter of the
files are compared with one pass over all of them, which is the same number of batches. The exit
status is 1 if memory grows with the number of files, or if a corrupt file is not reported.
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

BATCH_SIZE = 100  # divides both numbers of files: training drops an incomplete batch
PARTS = 4  # of the files, for the comparison of memory
QUEUED = 2  # batches a worker of a DataLoader prepares in advance
LARGEST_GROWTH = 1.10  # of memory, with PARTS times as many files


def write_tree(root: Path, files: int, corrupt: int) -> list[Path]:
    """Writes the files and damages some of the training files; returns the damaged ones."""
    write_stand_in("imagenet", root, num_train=files, num_test=10)
    train = sorted((root / "imagenet/train").rglob("*.JPEG"))
    damaged = train[:: max(1, len(train) // max(1, corrupt))][:corrupt]
    for number, path in enumerate(damaged):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if number % 2 else b"not an image")
    return damaged


def stream(root: Path, workers: int) -> dict[str, Any]:
    """Returns the seconds to the first batch, the images per second after it, and the reports."""
    data = imagenet(root=root, num_workers=workers)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CorruptFilesWarning)
        begin = time.perf_counter()
        batches = data.batches("train", batch_size=BATCH_SIZE)
        next(batches)
        first = time.perf_counter()
        images = sum(len(batch.inputs) for batch in batches)
        seconds = time.perf_counter() - first
    reports = [str(warning.message) for warning in caught]
    return {"start_up": first - begin, "rate": images / seconds, "reports": reports}


def peak_memory(root: Path, workers: int, passes: int) -> dict[str, Any]:
    """Returns the number of batches in some epochs, and the peak memory in MiB."""
    data = imagenet(root=root, num_workers=workers)
    together, own, count = 0.0, 0.0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorruptFilesWarning)
        for epoch in range(passes):
            for number, _ in enumerate(data.batches("train", batch_size=BATCH_SIZE, epoch=epoch)):
                count += 1
                if number % 4 == 0:  # reading memory takes time
                    together = max(together, settled_memory())
                    own = max(own, used_memory([os.getpid()]))
    return {"batches": count, "together": together, "own": own}


def settled_memory() -> float:
    """Returns the memory of this process and its workers once it no longer grows, in MiB."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    before, now = 0.0, used_memory(processes)
    while now > before + 1:
        time.sleep(0.5)
        before, now = now, used_memory(processes)
    return now


def used_memory(processes: list[int | None]) -> float:
    """Returns the memory of some processes in MiB; shared pages count once."""
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # a worker that has just ended, or no Linux
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def measure(root: Path, workers: int, passes: int = 0) -> dict[str, Any]:
    """Runs `stream`, or `peak_memory` over some passes, in a fresh process."""
    command = [sys.executable, __file__, "--measure", str(root), "--workers", str(workers)]
    command += ["--passes", str(passes)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600)
    return dict(json.loads(answer.stdout))


def compare_rates(root: Path, workers: list[int], damaged: list[Path]) -> bool:
    """Prints images per second and reports; returns whether every damaged file is reported."""
    for count in workers:
        taken = measure(root, count)
        print(
            f"{count} workers: {taken['rate']:8.1f} images/s,"
            f" {taken['rate'] / max(1, count):8.1f} each; first batch after"
            f" {taken['start_up']:.1f} s; {len(taken['reports'])} reports of corrupt files"
        )
    print("\nWhat is reported:")
    print("\n".join(f"  {report.replace(str(root), '…')}" for report in taken["reports"]))
    named = sum(str(path) in "".join(taken["reports"]) for path in damaged)
    print(f"  {named} of {len(damaged)} corrupt files are named (required: all)\n")
    return named == len(damaged)


def compare_memory(whole: Path, part: Path, workers: int) -> bool:
    """Prints the memory for all files and for a part; returns whether they agree."""
    few, many = measure(part, workers, passes=PARTS), measure(whole, workers, passes=1)
    met = True
    print(f"peak memory, {workers} workers, {few['batches']} and {many['batches']} batches:")
    for key, whose in (("together", "all processes"), ("own", "training process")):
        growth = many[key] / few[key]
        verdict = "met" if growth <= LARGEST_GROWTH else "MISSED"
        print(
            f"  {whose:<17} {few[key]:6,.0f} MiB with 1/{PARTS} of the files, {many[key]:6,.0f} MiB"
            f" with all: {growth:.2f} × (required at most {LARGEST_GROWTH:.2f} ×: {verdict})"
        )
        met &= growth <= LARGEST_GROWTH
    return met


def main() -> int:
    """Prints all measurements; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--corrupt", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)  # what `measure` starts
    parser.add_argument("--passes", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        torch.set_num_threads(1)
        arguments = (options.measure, options.workers[0])
        taken = peak_memory(*arguments, options.passes) if options.passes else stream(*arguments)
        print(json.dumps(taken))
        return 0
    least = PARTS * BATCH_SIZE * (QUEUED * options.workers[-1] + 1)
    if options.files % (PARTS * BATCH_SIZE) or options.files < least:
        parser.error(
            f"--files is a multiple of {PARTS * BATCH_SIZE}, so that all passes have as many"
            f" batches, and {least} or more, so that the queue of a part is full once"
        )
    print(f"{os.cpu_count()} processors, batches of {BATCH_SIZE}, {options.files} files")
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder, "whole"), Path(folder, "part")
        damaged = write_tree(whole, options.files, options.corrupt)
        write_tree(part, options.files // PARTS, 0)
        named = compare_rates(whole, options.workers, damaged)
        level = compare_memory(whole, part, options.workers[-1])
    return 0 if named and level else 1


if __name__ == "__main__":
    sys.exit(main())
