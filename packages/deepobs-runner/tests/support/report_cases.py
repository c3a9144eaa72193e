"""Made-up runs for the tests of the report: known curves, no training."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepobs.runner import load_records


def curve(level: float, epochs: int, seed: int) -> list[float]:
    """A loss that falls from 4 towards `level`, a little differently for each seed."""
    noise = np.random.default_rng(seed).normal(0, 0.01, epochs + 1)
    falling = np.exp(-np.arange(epochs + 1) / 3)
    return [float(value) for value in level + (4 - level) * falling + noise]


def run_fields(
    problem: str,
    optimizer: str,
    lr: float,
    seed: int,
    level: float,
    *,
    epochs: int = 12,
    accuracy: bool = True,
    **fields: Any,
) -> dict[str, Any]:
    """One record: losses that fall from 4 towards `level`, and its other fields."""
    losses = curve(level, epochs, seed + round(1000 * level))
    if accuracy:
        accuracies = [max(0.1, min(1.0, 1 - value / 5)) for value in losses]
        fields = {"train_accuracies": accuracies, "test_accuracies": accuracies} | fields
    return {
        "format": "deepobs-2",
        "status": "finished",
        "testproblem": problem,
        "optimizer": optimizer,
        "hyperparams": {},
        "schedule": {"name": "constant"},
        "learning_rate": lr,
        "random_seed": seed,
        "batch_size": 128,
        "weight_decay": None,
        "num_epochs": epochs,
        "train_losses": losses,
        "test_losses": losses,
        "minibatch_train_losses": [],
        "train_log_interval": 10,
        "num_steps": 7,
        "run_id": f"{problem}-{optimizer}-{lr}-{seed}",
        "epoch_seconds": [0.25] * epochs,
        "cost": {
            "forward_backward_seconds": 0.01,
            "optimizer_seconds": 0.002 if optimizer == "Adam" else 0.001,
            "optimizer_state_bytes": 2048,
            "peak_memory_bytes": 5_000_000,
        },
        **fields,
    }


def study_runs(num_seeds: int = 8) -> list[dict[str, Any]]:
    """SGD and Adam on two problems; Adam is better by far, one learning rate of SGD diverges."""
    runs = []
    for problem, accuracy in (("fmnist_2c2d", True), ("quadratic_deep", False)):
        for optimizer, level, best in (("SGD", 0.8, 0.1), ("Adam", 0.4, 0.01)):
            for lr in (best / 10, best * 3):
                fields = {"accuracy": accuracy}
                runs.append(run_fields(problem, optimizer, lr, 42, level + 0.5, **fields))
            runs += [
                run_fields(problem, optimizer, best, seed, level, accuracy=accuracy)
                for seed in range(42, 42 + num_seeds)
            ]
        diverged = run_fields(problem, "SGD", 10.0, 42, 1.0, accuracy=accuracy, epochs=2)
        diverged |= {"status": "diverged", "num_epochs": 12}
        diverged["train_losses"] = diverged["test_losses"] = [4.0, 80.0, None]
        runs.append(diverged)
    return runs


def write_records(runs: list[dict[str, Any]], folder: Path) -> Path:
    """Writes each run as a record of its own below a folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, run in enumerate(runs):
        (folder / f"random_seed__{number}.json").write_text(json.dumps(run))
    return folder


def frame_of(runs: list[dict[str, Any]], folder: Path) -> pd.DataFrame:
    """The tidy frame of runs, written below a folder and read from there."""
    return load_records(write_records(runs, folder))


def wide_runs(methods: int, problems: int, seeds: int, *, epochs: int = 12) -> list[dict[str, Any]]:
    """Many methods on many problems, each a little worse than the one before."""
    return [
        run_fields(f"problem_{p:02}", f"Method{m:02}", 0.1, seed, 0.3 + 0.02 * m, epochs=epochs)
        for m in range(methods)
        for p in range(problems)
        for seed in range(seeds)
    ]


def search_runs(trials: int = 30) -> list[dict[str, Any]]:
    """A random search of SGD's rate and momentum: the best is at .1, momentum matters little."""
    generator = np.random.default_rng(0)
    runs = []
    for _ in range(trials):
        lr, momentum = 10 ** generator.uniform(-3, 1), generator.uniform(0, 0.99)
        level = 0.3 + abs(np.log10(lr) + 1) + 0.1 * momentum
        runs.append(run_fields("p", "SGD", lr, 42, level, hyperparams={"momentum": momentum}))
    return runs
