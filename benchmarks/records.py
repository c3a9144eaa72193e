"""Measures the time and memory to read, analyze and report thousands of records.

    python benchmarks/records.py                # 5,000 records of 100 epochs, about 0.5 GB
    python benchmarks/records.py --records 500

Writes synthetic records (ten problems, five optimizers, 20 learning rates, five seeds) to a
temporary folder. A fresh process each measures the first reading, which creates the index, the
second reading, which uses it, all of the analysis, and the report. Bounds for 5,000 records on an
idle machine: first reading 20 s, second reading 2 s, report 30 s, peak memory 2 GB. The exit status
is 1 if a bound is exceeded.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from figures import state

BOUNDS = {"first reading": 20.0, "second reading": 2.0, "report": 30.0}
MEMORY_BOUND_MB = 2000
EPOCHS, STEPS, LOG_INTERVAL = 100, 468, 10


def write_records(folder, num):
    generator = np.random.default_rng(0)
    logged = EPOCHS * (STEPS // LOG_INTERVAL + 1)
    minibatches = json.dumps(generator.random(logged).tolist())
    settings = itertools.product(range(10), range(5), range(20), range(5))
    for problem, optimizer, rate, seed in itertools.islice(settings, num):
        write_record(folder, generator, minibatches, problem, optimizer, rate, seed)


def write_record(folder, generator, minibatches, problem, optimizer, rate, seed):
    lr = 10.0 ** (rate / 5 - 4)
    speed = 0.1 * np.exp(-((rate - 8 - optimizer) ** 2) / 20)
    losses = 2.3 * np.exp(-speed * np.arange(EPOCHS + 1)) + generator.random(EPOCHS + 1) / 100
    accuracies = (1 - losses / 2.6).tolist()
    record = {
        "format": "deepobs-2",
        "run_id": f"{problem}-{optimizer}-{rate}-{seed}",
        "testproblem": f"problem_{problem}",
        "optimizer": f"Optimizer{optimizer}",
        "hyperparams": {"momentum": 0.9},
        "learning_rate": lr,
        "batch_size": 128,
        "weight_decay": None,
        "num_epochs": EPOCHS,
        "random_seed": 42 + seed,
        "schedule": {"name": "constant"},
        "status": "finished",
        "train_log_interval": LOG_INTERVAL,
        "num_steps": STEPS,
        "epoch_seconds": generator.random(EPOCHS).tolist(),
        "cost": {"forward_backward_seconds": 0.01, "optimizer_seconds": 0.001},
        "minibatch_train_losses": [],
    }
    for phase in ("train", "test", "valid"):
        record |= {f"{phase}_losses": losses.tolist(), f"{phase}_accuracies": accuracies}
    path = folder / f"problem_{problem}/Optimizer{optimizer}/lr__{lr:.4e}"
    path.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record).replace(
        '"minibatch_train_losses": []', f'"minibatch_train_losses": {minibatches}'
    )
    file = path / f"random_seed__{42 + seed}__2026-01-01-00-00-00.json"
    file.write_text(text)
    # The index does not trust files that have just been written.
    os.utime(file, (time.time() - 60, time.time() - 60))


def read(folder):
    from deepobs.runner.results import load_records

    return load_records(folder)


def analyse(folder):
    from deepobs.runner import analysis

    frame = read(folder)
    tuned = analysis.tuned_settings(frame)
    runs = analysis.tuned_runs(frame, tuned)
    targets = dict.fromkeys(tuned["problem"].unique(), 0.6)
    analysis.summary_table(frame, tuned=tuned)
    analysis.compare(frame, tuned=tuned)
    analysis.compare_overall(frame, tuned=tuned)
    analysis.aggregate_table(frame, tuned)
    analysis.sensitivity_table(frame)
    analysis.tunability(frame)
    analysis.profile_score(analysis.times_to_target(runs, targets=targets))
    analysis.rank_test(analysis.score_matrix(runs))
    analysis.speed_frontier(runs)
    analysis.optimizer_overhead(frame)


def report(folder):
    from deepobs.runner import write_report

    write_report(folder, folder.parent / "report.html")


STEPS_MEASURED = {
    "first reading": read,
    "second reading": read,
    "analysis": analyse,
    "report": report,
}


def measure(step, folder):
    """Returns the seconds of a step, without imports, and its peak memory in MB."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = output.split()[-2:]
    return float(seconds), float(memory)


def run_step(step, folder):
    import deepobs.runner.analysis
    import deepobs.runner.report  # noqa: F401 - imports are not part of the time

    started = time.perf_counter()
    STEPS_MEASURED[step](folder)
    seconds = time.perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--step", choices=STEPS_MEASURED, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.folder)
        return 0
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "results")
        write_records(folder, arguments.records)
        size = sum(file.stat().st_size for file in folder.rglob("*.json"))
        print(f"{arguments.records} records, {size / 1e6:.0f} MB")
        for step in STEPS_MEASURED:
            seconds, memory = measure(step, folder)
            bound = BOUNDS.get(step, float("inf"))
            missed |= seconds > bound or memory > MEMORY_BOUND_MB
            name = f"{arguments.records:,} records: {step}"
            state(name, seconds, "s", at_most=BOUNDS.get(step))
            state(f"{name}, memory", memory, "MB", at_most=MEMORY_BOUND_MB)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
