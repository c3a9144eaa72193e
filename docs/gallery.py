"""Draws the figures of the gallery, docs/images/gallery/.

    python docs/gallery.py

They show the published runs of DeepOBS and the reference runs in deepobs-baselines.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from deepobs.baselines import references
from deepobs.runner import load_baselines
from deepobs.runner.report import (
    Study,
    figure_benchmark,
    figure_frontier,
    figure_learning_curves,
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
    gather,
)

IMAGES = Path(__file__).parent / "images" / "gallery"
THREE = ("digits_2c2d", "digits_mlp", "shakespeare_gpt_small")  # few bars in the last figure


def figures() -> dict[str, Figure]:
    """Returns the figures by the names of their files."""
    published = Study.of(load_baselines())
    laptop = gather(list(references())).study
    few = Study.of(laptop.frame[laptop.frame["problem"].isin(THREE)])
    return {
        "benchmark": figure_benchmark(published, "small"),
        "learning-curves": figure_learning_curves(published, "fmnist_2c2d", width=6.75),
        "sensitivity": figure_sensitivity(published, "cifar10_3c3d"),
        "tunability": figure_tunability(published, "cifar10_3c3d"),
        "ranks": figure_ranks(laptop),
        "profile": figure_profile(laptop),
        "frontier": figure_frontier(laptop, "digits_mlp", "epochs"),
        "overhead": figure_overhead(few),
    }


def main() -> None:
    """Saves the figures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, figure in figures().items():
        figure.savefig(IMAGES / f"{name}.png", dpi=130)


if __name__ == "__main__":
    main()
