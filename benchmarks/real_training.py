"""Trains recent problems as their sources do, to the end, and keeps a record of each run.

    python benchmarks/real_training.py --results FOLDER [STUDY ...]

Runs that have a record are not repeated, and interrupted ones are continued. fmnist_vit and
tolstoi_gpt need their data files. docs/curves.py draws the figures of docs/problems.md from the
records. All studies together take some hours on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from deepobs.problems import Problem, get_problem
from deepobs.runner import Record, run


class Study(NamedTuple):
    """Runs of one problem with one optimizer that differ in the seed alone."""

    problem: str | Problem
    optimizer: str
    seeds: int
    settings: Mapping[str, Any]


def narrow(steps_per_epoch: int) -> Problem:
    """Returns pinn_convection with 50 units a layer, one of the paper's widths, not 200."""
    problem = get_problem("pinn_convection")
    assert isinstance(problem.model, partial)
    model = partial(problem.model.func, hidden=(50, 50, 50, 50))
    name = "pinn_convection_width_50"
    return replace(problem, name=name, model=model, steps_per_epoch=steps_per_epoch)


# AdamW as nanoGPT has it: no decay of gains and biases.
NANOGPT: Mapping[str, Any] = {
    "lr": 1e-3,
    "hyperparameters": {"betas": (0.9, 0.99), "weight_decay": 0.1},
    "groups": ("role=gain weight_decay=0", "rest"),
    "schedule": {"name": "cosine", "final_factor": 0.1, "warmup_epochs": 0.4},
    "max_grad_norm": 1.0,
}
CLEANRL: Mapping[str, Any] = {
    "lr": 2.5e-4,
    "hyperparameters": {"eps": 1e-5},
    "schedule": "linear",
    "max_grad_norm": 0.5,
}
# History and line search of Rathore et al., ICML 2024.
LBFGS: Mapping[str, Any] = {
    "lr": 1.0,
    "hyperparameters": {"history_size": 100, "line_search_fn": "strong_wolfe"},
}

STUDIES: Mapping[str, Study] = {
    "cora_gcn": Study("cora_gcn", "Adam", 10, {"lr": 0.01}),
    "modular_addition": Study(
        "modular_addition", "AdamW", 3, {"lr": 1e-3, "hyperparameters": {"weight_decay": 1.0}}
    ),
    "modular_addition_without_decay": Study("modular_addition", "Adam", 3, {"lr": 1e-3}),
    "cartpole_ppo": Study("cartpole_ppo", "Adam", 3, CLEANRL),
    "shakespeare_gpt": Study("shakespeare_gpt", "AdamW", 3, NANOGPT),
    "fmnist_vit": Study("fmnist_vit", "AdamW", 3, {"lr": 1e-3, "epochs": 2}),
    "tolstoi_gpt": Study("tolstoi_gpt", "AdamW", 1, NANOGPT | {"epochs": 27}),
    "pinn_convection": Study(narrow(10), "LBFGS", 1, LBFGS | {"epochs": 45}),
    "pinn_convection_adam": Study(narrow(250), "Adam", 1, {"lr": 1e-3, "epochs": 40}),
}


def train(study: Study, results: Path) -> list[Record]:
    """Returns the records of a study; trains the runs that have none yet."""
    records = []
    for seed in range(42, 42 + study.seeds):
        begin = time.perf_counter()
        record = run(
            study.problem,
            study.optimizer,
            seed=seed,
            results=results,
            resume=True,
            device="cpu",
            progress="off",
            **study.settings,
        )
        records.append(record)
        print(
            f"{record.testproblem} {study.optimizer} seed {seed}: test loss"
            f" {record.test_losses[-1]:.4f}, {time.perf_counter() - begin:.0f} s",
            flush=True,
        )
    return records


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"of {', '.join(STUDIES)}")
    parser.add_argument("--results", type=Path, required=True, help="folder of the records")
    arguments = parser.parse_args()
    if unknown := set(arguments.studies) - set(STUDIES):
        parser.error(f"no study {', '.join(sorted(unknown))}; there are {', '.join(STUDIES)}")
    torch.set_num_threads(1)
    for name in arguments.studies or STUDIES:
        train(STUDIES[name], arguments.results)


if __name__ == "__main__":
    main()
