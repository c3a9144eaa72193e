"""The time of an epoch beside busy loops, as on a server that others use too.

    python benchmarks/busy.py [--runs 10] [PROBLEM ...]

As many busy loops as the machine has cores run beside it. Small problems take one thread, by a rule
that depends on the problem alone; the last column shows what a thread per core would take.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from figures import state

from deepobs.data.testing import write_stand_in
from deepobs.runner import run

MOST = 2.5  # times the idle time, in each of the runs
PROBLEMS = ("digits_mlp", "mnist_logreg")


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def epoch_seconds(problem: str, root: str, threads: int | None) -> float:
    """Returns the median of the epochs after the first, which warms up."""
    epochs = 11 if problem.startswith("digits") else 2
    record = run(
        *(problem, "SGD"), lr=0.01, epochs=epochs, threads=threads, data_root=root, progress="off"
    )
    return statistics.median(record.epoch_seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS), metavar="PROBLEM")
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{cores} cores, {cores} busy loops; load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as root:
        write_stand_in("mnist", root, num_train=60_000, num_test=100)
        for problem in arguments.problems:
            idle = statistics.median(epoch_seconds(problem, root, None) for _ in range(3))
            with busy_loops(cores):
                ratios = [epoch_seconds(problem, root, None) / idle for _ in range(arguments.runs)]
                all_cores = epoch_seconds(problem, root, cores) / idle
            print(f"{problem}: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
            state(f"{problem}: busy / idle, the largest", max(ratios), at_most=MOST)
            state(f"{problem}: busy / idle, a thread per core", all_cores)


if __name__ == "__main__":
    main()
