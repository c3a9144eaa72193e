"""The time and memory of a short run's start, beside those of torch and an optimizer.

    python benchmarks/start.py [--repeats 5]

Starts `deepobs run digits_logreg SGD --epochs 1` and a script that imports torch and constructs an
optimizer, alternately, each in a new process. Figures are the least of the repeats, in time of the
processor, which other programs on the machine disturb little.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from figures import state

TORCH = "import torch\ntorch.optim.SGD(torch.nn.Linear(2, 2).parameters(), lr=0.1)"
COMMAND = "from deepobs.runner.cli import main; main()"
RUN = ("run", "digits_logreg", "SGD", "--lr", "0.1", "--epochs", "1", "--force", "--results")


def started(*arguments: str) -> tuple[float, float]:
    """Returns the seconds of the processor and the peak memory in MB of a Python process."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", *arguments], **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed.")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as results:
        pairs = [(started(TORCH), started(COMMAND, *RUN, results)) for _ in range(repeats + 1)]
    torch_seconds, torch_memory = map(min, zip(*(torch for torch, _ in pairs[1:]), strict=True))
    seconds, memory = map(min, zip(*(run for _, run in pairs[1:]), strict=True))
    state("torch and an optimizer", torch_seconds, "s")
    state("a run beyond torch and an optimizer", seconds - torch_seconds, "s", at_most=0.3)
    state("memory beyond torch and an optimizer", memory - torch_memory, "MB", at_most=150)


if __name__ == "__main__":
    main()
