"""Trains movielens_mf to its end on generated ratings, and draws its learning curves.

    python benchmarks/ratings.py --results FOLDER            # train, or continue
    python benchmarks/ratings.py --results FOLDER --write    # and write docs/problems.md

The file has the format and the size of MovieLens-100k, whose ratings may not be passed on. Its
ratings are 3.5 + a taste of the user + a quality of the film + noise of deviation 0.9, rounded to 1
to 5. Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pages
import torch

from deepobs.data.testing import write_stand_in
from deepobs.runner import Record, run

IMAGE = pages.IMAGES / "movielens_mf.png"
#: The first is that of the source: 0.005 for each rating is 0.32 for the mean of 128.
METHODS: Mapping[str, Mapping[str, Any]] = {"SGD": {"lr": 0.32}, "Adam": {"lr": 1e-3}}


def train(results: Path, root: Path) -> list[Record]:
    """Returns the records of all methods; trains those that have none yet."""
    return [
        run(
            "movielens_mf",
            optimizer,
            results=results,
            resume=True,
            device="cpu",
            data_root=root,
            **settings,
        )
        for optimizer, settings in METHODS.items()
    ]


def draw(records: list[Record]) -> None:
    """Draws the error of training and test set over epochs."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
    for panel, phase in zip(panels, ("train", "test"), strict=True):
        for record in records:
            panel.plot(record.evaluations(phase, "rmse"), label=record.optimizer, linewidth=1.2)
        panel.set_title("training set" if phase == "train" else "test set", fontsize=10)
        panel.set_xlabel("epoch")
    panels[0].set_ylabel("RMSE")
    panels[0].legend()
    pages.save(figure, IMAGE)


def table(records: list[Record]) -> str:
    """Returns the table of the errors at the start, at best and at the end."""
    head = "| Optimizer | Learning rate | Start | Best test RMSE | End | Training set, end |\n"
    rows = []
    for record in records:
        test, train = (record.evaluations(phase, "rmse") or [] for phase in ("test", "train"))
        rows.append(
            f"| {record.optimizer} | {record.learning_rate:g} | {test[0]:.3f} |"
            f" {min(test):.3f} (epoch {test.index(min(test))}) | {test[-1]:.3f} |"
            f" {train[-1]:.3f} |\n"
        )
    return head + "|---|---:|---:|---:|---:|---:|\n" + "".join(rows)


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="folder of the records")
    parser.add_argument("--write", action="store_true", help="write docs/problems.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = write_stand_in("movielens_100k", folder, num_train=80_000, num_test=20_000)
        records = train(arguments.results, root)
    print(table(records))
    if arguments.write:
        draw(records)
        pages.write("ratings", "benchmarks/ratings.py", table(records))


if __name__ == "__main__":
    main()
