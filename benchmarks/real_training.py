"""Trains recent problems as their sources do, to the end, and keeps a record of each run.

    python benchmarks/real_training.py --results FOLDER [STUDY ...]
    python benchmarks/real_training.py --results FOLDER --write

The second command also writes docs/problems.md. Runs that have a record are not repeated, and
interrupted ones are continued. fmnist_vit and tolstoi_gpt need their data files. All studies
together take about an hour on one core.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pages
import torch

from deepobs.problems import Problem, get_problem
from deepobs.runner import Record, run


class Study(NamedTuple):
    """Runs of one problem with one optimizer that differ in the seed alone.

    Attributes:
        problem: The problem.
        optimizer: The optimizer.
        seeds: The number of runs.
        settings: Their other settings.
        metric: What to show on the test set.
        expected: What others measured.
    """

    problem: str | Problem
    optimizer: str
    seeds: int
    settings: Mapping[str, Any]
    metric: str
    expected: str


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

DECAY: Mapping[str, Any] = {"lr": 1e-3, "hyperparameters": {"weight_decay": 1.0}}
GROKKING = "100 % with weight decay (Power et al., 2022)"
PINN = "L-BFGS ahead of Adam (Rathore et al., 2024, table 1)"

STUDIES: Mapping[str, Study] = {
    "cora_gcn": Study(
        "cora_gcn", "Adam", 10, {"lr": 0.01}, "accuracy", "0.815 (Kipf and Welling, 2017)"
    ),
    "cartpole_ppo": Study(
        "cartpole_ppo", "Adam", 3, CLEANRL, "episodic_return", "about 490 (CleanRL)"
    ),
    "shakespeare_gpt": Study(
        "shakespeare_gpt", "AdamW", 3, NANOGPT, "loss", "1.88 (nanoGPT's README)"
    ),
    "modular_addition": Study("modular_addition", "AdamW", 3, DECAY, "accuracy", GROKKING),
    "modular_addition_without_decay": Study(
        "modular_addition", "Adam", 3, {"lr": 1e-3}, "accuracy", "no generalization"
    ),
    "fmnist_vit": Study(
        "fmnist_vit", "AdamW", 3, {"lr": 1e-3, "epochs": 2}, "accuracy", "none; the network is ours"
    ),
    "tolstoi_gpt": Study(
        "tolstoi_gpt", "AdamW", 1, NANOGPT | {"epochs": 27}, "loss", "tolstoi_char_rnn; see below"
    ),
    "pinn_convection": Study(
        narrow(10), "LBFGS", 1, LBFGS | {"epochs": 20}, "relative_l2_error", PINN
    ),
    "pinn_convection_adam": Study(
        narrow(250), "Adam", 1, {"lr": 1e-3, "epochs": 18}, "relative_l2_error", PINN
    ),
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


def first_step(record: Record, metric: str) -> str:
    """Returns the step of the first evaluation that reaches the target, as words."""
    target = record.convergence_target
    values = record.evaluations("test", metric) or []
    sign = 1 if metric in ("accuracy", "episodic_return") else -1
    for epoch, value in enumerate(values):
        if target is not None and sign * value >= sign * target:
            return f"{epoch * record.num_steps:,}"
    return "-"


def table(found: Mapping[str, list[Record]]) -> str:
    """Returns the table of final values: mean, standard deviation, and steps to the target."""
    rows = []
    for name, records in found.items():
        study, record = STUDIES[name], records[0]
        last = [(each.evaluations("test", study.metric) or [math.nan])[-1] for each in records]
        value = f"{statistics.fmean(last):.4g}"
        if len(last) > 1:
            value += f" ± {statistics.stdev(last):.2g}"
        steps = record.num_steps * record.num_epochs
        reached = ", ".join(first_step(each, study.metric) for each in records[:3])
        rows.append(
            f"| `{record.testproblem}` | {study.optimizer} | {len(records)} | {steps:,} |"
            f" {study.metric.replace('_', ' ')} | {value} | {reached} | {study.expected} |\n"
        )
    head = (
        "| Problem | Optimizer | Runs | Steps | Metric | At the end | Target at step | Others |\n"
    )
    return head + "|---|---|---:|---:|---|---:|---|---|\n" + "".join(rows)


def draw(found: Mapping[str, list[Record]]) -> None:
    """Draws the metric of each run over gradient evaluations, a panel a problem."""
    names = dict.fromkeys(records[0].testproblem for records in found.values())
    rows = -(-len(names) // 4)
    figure, panels = plt.subplots(rows, 4, figsize=(15, 3.4 * rows), layout="constrained")
    for panel in panels.flat[len(names) :]:
        panel.remove()
    places = dict(zip(names, panels.flat, strict=False))
    for number, (name, records) in enumerate(found.items()):
        study, panel = STUDIES[name], places[records[0].testproblem]
        for place, record in enumerate(records):
            passes = [0.0, *itertools.accumulate(record.passes or [])]
            values = record.evaluations("test", study.metric) or []
            label = study.optimizer if place == 0 else None
            panel.plot(passes[: len(values)], values, label=label, color=f"C{number}", lw=1)
        panel.set_title(records[0].testproblem, fontsize=10)
        panel.set_ylabel(f"test {study.metric.replace('_', ' ')}")
        panel.set_xlabel("gradient evaluations")
        panel.legend()
    pages.save(figure, pages.IMAGES / "real_training.png")


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"of {', '.join(STUDIES)}")
    parser.add_argument("--results", type=Path, required=True, help="folder of the records")
    parser.add_argument("--write", action="store_true", help="write docs/problems.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.studies) - set(STUDIES):
        parser.error(f"no study {', '.join(sorted(unknown))}; there are {', '.join(STUDIES)}")
    torch.set_num_threads(1)
    names = arguments.studies or STUDIES
    found = {name: train(STUDIES[name], arguments.results) for name in names}
    print(table(found))
    if arguments.write:
        draw(found)
        pages.write("training", "benchmarks/real_training.py", table(found))


if __name__ == "__main__":
    main()
