"""Measures how a sweep of 60 short runs scales to two local workers, and its overhead.

    python benchmarks/sweep.py [--runs 60]

Each sweep is a process of its own, as a user starts it. Prints the time on two workers divided by
that on one, including start-up (at most 0.6 on an idle machine with two cores), and the time that
the sweep and its records add to the training and evaluation of the runs (at most 5 %). The
start-up, mostly the import of torch, does not depend on the number of runs and is printed
separately.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import state

LEARNING_RATES = {"quadratic_deep": 1e-3, "two_d_branin": 1e-3, "digits_logreg": 0.1}
COMMAND = "from deepobs.runner.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60, help="number of runs (default: 60)")
    runs = parser.parse_args().runs
    few, in_few = time_sweep(3, workers=1)
    start_up = few - in_few
    state("sweep: start-up", start_up, "s")
    alone, in_runs = time_sweep(runs, workers=1)
    print(f"{runs} runs on one worker:  {alone:6.1f} s, of which {in_runs:.1f} s in the runs")
    together, _ = time_sweep(runs, workers=2)
    print(f"{runs} runs on two workers: {together:6.1f} s")
    state("sweep: two workers / one worker", together / alone, at_most=0.6)
    overhead = (alone - start_up) / in_runs - 1
    state("sweep: overhead of the sweep and its records", 100 * overhead, "%", at_most=5)


def time_sweep(runs: int, *, workers: int) -> tuple[float, float]:
    """Returns the seconds of a sweep, and those that its runs trained and evaluated."""
    plan = {
        "problems": list(LEARNING_RATES),
        "optimizers": ["SGD"],
        "seeds": {"range": [1, max(1, runs // len(LEARNING_RATES))]},
        "overrides": {problem: {"lr": lr} for problem, lr in LEARNING_RATES.items()},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.yaml").write_text(json.dumps(plan))  # JSON is YAML
        arguments = ["sweep", str(folder / "plan.yaml"), "--results", str(folder / "results")]
        options = ["--workers", str(workers), "--device", "cpu", "--progress", "off"]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", COMMAND, *arguments, *options], check=True)
        seconds = time.perf_counter() - started
        records = [json.loads(path.read_text()) for path in folder.glob("results/*/*/*/*.json")]
    if any(record["status"] != "finished" for record in records):
        raise SystemExit("a run diverged, which would make the sweep look fast")
    return seconds, sum(sum(r["epoch_seconds"]) + sum(r["evaluation_seconds"]) for r in records)


if __name__ == "__main__":
    main()
