"""Trains mnist_ddpm on MNIST, and draws its learning curve and samples.

    python benchmarks/diffusion.py --results FOLDER            # train, or continue
    python benchmarks/diffusion.py --results FOLDER --write    # and write docs/problems.md

It trains 2,000 steps, about two of the problem's 20 epochs, and evaluates after every 250. That
takes about 20 minutes on one core. An interrupted run is continued, and a finished one is not
repeated.
"""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pages
import torch
from torch import Tensor

from deepobs.models import DDPM
from deepobs.problems import build, get_problem
from deepobs.runner import Record, run

IMAGE = pages.IMAGES / "mnist_ddpm.png"
EPOCHS = 8  # of 250 steps
SAMPLES = 40


def train(results: Path) -> tuple[Record, DDPM]:
    """Returns the record of the run, and the model with the least test loss."""
    record = run(
        replace(get_problem("mnist_ddpm"), steps_per_epoch=250),
        "Adam",
        lr=2e-3,
        schedule={"name": "cosine", "warmup_epochs": 0.4},
        max_grad_norm=1.0,
        epochs=EPOCHS,
        results=results,
        resume=True,
        keep_best=True,
        device="cpu",
    )
    assert record.path is not None
    best = torch.load(record.path.with_suffix(".best.pt"), weights_only=True)
    model = build("mnist_ddpm").model
    model.load_state_dict(best["model"])
    return record, model.diffusion


def samples(model: DDPM) -> Tensor:
    """Returns images of the model, `[SAMPLES, 28, 28]`; the same whenever it is called."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(SAMPLES, 1, 28, 28, generator=generator)
    return model.sample(noise, generator).squeeze(1)


def draw(record: Record, images: Tensor) -> None:
    """Draws the losses over steps, and the samples beside them."""
    figure, (curve, grid) = plt.subplots(
        1, 2, figsize=(11, 3.4), width_ratios=(1, 1.6), layout="constrained"
    )
    steps = [epoch * record.num_steps for epoch in range(len(record.test_losses))]
    curve.plot(steps, record.train_losses, label="training set", linewidth=1.2)
    curve.plot(steps, record.test_losses, label="test set", linewidth=1.2)
    curve.set_yscale("log")
    curve.set_xlabel("step")
    curve.set_ylabel("loss")
    curve.legend()
    rows = images.view(4, -1, 28, 28)
    grid.imshow(rows.permute(0, 2, 1, 3).reshape(4 * 28, -1), cmap="gray_r", vmin=-1, vmax=1)
    grid.axis("off")
    pages.save(figure, IMAGE)


def sentence(record: Record) -> str:
    """Returns what the run shows, in words."""
    losses = record.test_losses
    text = (
        f"Adam, with a cosine from {record.learning_rate:g} after 100 steps of warm-up, takes the"
        f" test loss from {losses[0]:.3f} to {losses[-1]:.4f} in"
        f" {record.num_steps * record.num_epochs:,} steps."
    )
    return textwrap.fill(text, 100) + "\n"


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="folder of the record")
    parser.add_argument("--write", action="store_true", help="write docs/problems.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    record, model = train(arguments.results)
    print(sentence(record))
    if arguments.write:
        draw(record, samples(model))
        text = textwrap.fill(sentence(record), 100) + "\n"
        pages.write("diffusion", "benchmarks/diffusion.py", text)


if __name__ == "__main__":
    main()
