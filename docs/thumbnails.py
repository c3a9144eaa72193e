"""Draws the learning curves of the catalogues, docs/images/curves/.

    python docs/thumbnails.py RESULTS

The curves of eight problems are those of the published runs. Every other problem whose data are at
hand is trained with Adam, for at most `EPOCHS` epochs, and every reference optimizer on digits_mlp
with its defaults. Records are kept in RESULTS, so that a second call trains only what is missing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from deepobs.data import DatasetNotFoundError
from deepobs.problems import LAPTOP_SET, PROBLEMS
from deepobs.runner import OptimizerError, load_baselines, load_records, run
from deepobs.runner.analysis import default_metric, tuned_settings, with_methods
from deepobs.runner.optimizers import OPTIMIZERS

CURVES = Path(__file__).parent / "images" / "curves"
EPOCHS = 5  # of a problem that takes a minute or more an epoch on one core
LR = {"quadratic_deep": 0.04, "matrix_sensing": 0.01, "rotated_quadratic": 0.1}  # else Adam's 1e-3
LONG = ("mnist_", "fmnist_", "tolstoi_", "shakespeare_gpt")
BLUE, GREY = "#2563a8", "#9aa3ad"


def draw(path: Path, lines: list[tuple[list[float], str]], metric: str) -> None:
    """Draws lines over epochs; the same numbers give the same bytes."""
    mpl.rcParams["svg.hashsalt"] = path.stem
    figure, axes = plt.subplots(figsize=(3.2, 1.5), layout="constrained")
    for values, colour in lines:
        axes.plot(values, color=colour, linewidth=1.6)
    first = [value for values, _ in lines for value in values if value > 0]
    if "loss" in metric and first and max(first) > 10 * min(first):
        axes.set_yscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("epoch", fontsize=7)
    axes.set_title(metric.replace("_", " "), fontsize=8, loc="left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_published() -> set[str]:
    """Draws Adam's published curve at its tuned setting; returns the names of the problems."""
    runs = with_methods(load_baselines())
    runs = runs[runs["optimizer"] == "Adam"]
    runs = runs.merge(tuned_settings(runs)[["problem", "learning_rate"]])
    for problem, group in runs.groupby("problem"):
        metric = default_metric(runs, str(problem))
        values = group.groupby("epoch")[metric].mean().tolist()
        draw(CURVES / "problems" / f"{problem}.svg", [(values, BLUE)], metric)
    return set(runs["problem"])


def draw_problem(name: str, results: Path) -> None:
    """Trains a problem with Adam, if its data are at hand, and draws the curve."""
    epochs = min(PROBLEMS[name].epochs, EPOCHS) if name.startswith(LONG) else None
    try:
        record = run(name, "Adam", lr=LR.get(name, 1e-3), epochs=epochs, results=results)
    except DatasetNotFoundError as error:
        print(f"{name}: {error}")
        return
    frame = load_records(results / name)
    frame = frame[frame["run_id"] == record.run_id]
    metric = default_metric(frame, name)
    draw(CURVES / "problems" / f"{name}.svg", [(frame[metric].tolist(), BLUE)], metric)


def draw_optimizer(name: str, results: Path, beside: list[float]) -> None:
    """Trains digits_mlp with an optimizer's defaults, and draws the curve next to SGD's."""
    try:
        record = run("digits_mlp", name, epochs=10, results=results)
    except OptimizerError as error:
        print(f"{name}: {error}")
        return
    lines = [(beside, GREY), (list(record.test_losses), BLUE)]
    draw(CURVES / "optimizers" / f"{name}.svg", lines, "test_loss")


def main() -> None:
    """Draws all curves."""
    results = Path(sys.argv[1])
    published = draw_published()
    sgd = list(run("digits_mlp", "SGD", lr=0.1, epochs=10, results=results).test_losses)
    for name in OPTIMIZERS:
        draw_optimizer(name, results, sgd)
    for name in dict.fromkeys((*LAPTOP_SET, *PROBLEMS.ours)):  # the quick ones first
        if name not in published:
            draw_problem(name, results)


if __name__ == "__main__":
    main()
