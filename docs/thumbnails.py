"""Draws the learning curves of the catalogues, docs/images/curves/.

    python docs/thumbnails.py RESULTS

The curves of problems are those of Adam, at its tuned setting: the mean of the published runs, or
of the reference runs in deepobs-baselines. For other problems, a run in RESULTS is drawn, such as
those that `benchmarks/real_training.py --results RESULTS` leaves there; the problems in `QUICK` are
trained first. Problems without any results have no curve. Every reference optimizer is trained on
digits_mlp with its defaults. A second call trains only what is missing in RESULTS.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from deepobs.baselines import references
from deepobs.problems import PROBLEMS
from deepobs.runner import OptimizerError, load_baselines, load_records, run
from deepobs.runner.analysis import default_metric, judged_runs, with_methods
from deepobs.runner.optimizers import OPTIMIZERS

CURVES = Path(__file__).parent / "images" / "curves"
# The problems that are trained here, and for how many epochs; the MNIST ones need its files.
QUICK = {
    **dict.fromkeys(("two_d_rosenbrock", "two_d_beale", "two_d_branin"), 100),
    **dict.fromkeys(("mnist_logreg", "mnist_mlp", "fmnist_logreg", "fmnist_mlp"), 5),
    "rotated_quadratic": 25,
    "cartpole_ppo_small": 12,
}
LR = {"rotated_quadratic": 0.1}  # else Adam's 1e-3
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


def draw_measured(runs: pd.DataFrame) -> set[str]:
    """Draws Adam's mean curve at its tuned setting; returns the names of the problems."""
    runs = with_methods(runs)
    runs = judged_runs(runs[runs["optimizer"] == "Adam"])
    for problem, group in runs.groupby("problem", observed=True):
        metric = default_metric(runs, str(problem))
        values = group.groupby("epoch")[metric].mean().tolist()
        draw(CURVES / "problems" / f"{problem}.svg", [(values, BLUE)], metric)
    return {str(problem) for problem in runs["problem"].unique()}


def draw_problem(name: str, results: Path) -> None:
    """Draws the first run with Adam or AdamW in RESULTS, after training one if that is quick."""
    if name in QUICK:
        run(name, "Adam", lr=LR.get(name, 1e-3), epochs=QUICK[name], results=results)
    folders = [results / name / optimizer for optimizer in ("Adam", "AdamW")]
    if not (found := [folder for folder in folders if any(folder.rglob("*.json"))]):
        print(f"{name}: no results")
        return
    frame = load_records(found[0])
    metric = default_metric(frame, name)
    values = frame[frame["run_id"] == frame["run_id"].iloc[0]][metric].tolist()
    draw(CURVES / "problems" / f"{name}.svg", [(values, BLUE)], metric)


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
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of the records")
    results = parser.parse_args().results
    measured = draw_measured(load_baselines())
    for bundle in references():
        if bundle.stem == "Adam":
            measured |= draw_measured(load_records(bundle))
    sgd = list(run("digits_mlp", "SGD", lr=0.1, epochs=10, results=results).test_losses)
    for name in OPTIMIZERS:
        draw_optimizer(name, results, sgd)
    for name in PROBLEMS.ours:
        if name not in measured:
            draw_problem(name, results)


if __name__ == "__main__":
    main()
