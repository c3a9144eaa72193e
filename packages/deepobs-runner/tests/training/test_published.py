"""On the real data, runs reproduce what DeepOBS published.

The published figures are means over seeds 42-51, their spread is the sample standard deviation.
Early values are compared as they are. Final values only with `replay=True`, for the original
repeats the first epoch's order and augmentation in every epoch.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from deepobs.runner import Record, run

# The original's grid of learning rates has five a decade: the exact values behind .01585 and so on.
GRID = {exponent: 10 ** (exponent / 5) for exponent in range(-25, 11)}

needs_data = pytest.mark.skipif(
    not os.environ.get("DEEPOBS_DATA_DIR"), reason="needs real data: set $DEEPOBS_DATA_DIR"
)


def train(problem: str, optimizer: str, lr: float, **settings: Any) -> Record:
    return run(problem, optimizer, lr=lr, device="cpu", progress="off", **settings)


def needs(file: str) -> None:
    if not (Path(os.environ["DEEPOBS_DATA_DIR"]) / file).exists():
        pytest.skip(f"needs {file} in $DEEPOBS_DATA_DIR")


# (optimizer, rate, hyperparameters, published mean and standard deviation of the final test loss)
QUADRATIC = [
    ("SGD", GRID[-9], {}, 87.40, 0.17),
    ("SGD", GRID[-13], {"momentum": 0.99}, 87.05, 0.03),
    ("Adam", GRID[-7], {}, 87.11, 0.02),
]


@pytest.mark.parametrize(
    ("optimizer", "lr", "hyperparameters", "mean", "std"),
    QUADRATIC,
    ids=["SGD", "Momentum", "Adam"],
)
def test_quadratic_deep_ends_where_it_was_published(
    optimizer: str, lr: float, hyperparameters: dict[str, float], mean: float, std: float
) -> None:
    """All 100 epochs: within 3 standard deviations plus 0.1 %.

    The 0.1 % is because the original evaluates the first 896 points and we all 1,000: at the best
    parameters that makes the loss 0.083 larger.
    """
    record = train("quadratic_deep", optimizer, lr, hyperparameters=hyperparameters, replay=True)
    assert len(record.test_losses) == 101
    assert record.test_losses[-1] == pytest.approx(mean, abs=3 * std + 0.001 * mean)


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("seed", [42, 43, 44])
def test_fmnist_2c2d_with_sgd_after_one_epoch(seed: int) -> None:
    """Published .396 ± .020 after the first epoch, here ± three of those; accuracy above .83."""
    needs("FashionMNIST")
    record = train("fmnist_2c2d", "SGD", GRID[-4], epochs=1, seed=seed)
    assert record.test_losses[1] == pytest.approx(0.396, abs=0.06)
    assert record.test_accuracies[1] > 0.83


@needs_data
@pytest.mark.slow
def test_fmnist_2c2d_with_adam_after_five_epochs() -> None:
    """Published .285 ± .009 after epoch 5, here ± .03 as other draws of dropout and order allow."""
    needs("FashionMNIST")
    record = train("fmnist_2c2d", "Adam", GRID[-18], epochs=5)
    assert record.test_losses[5] == pytest.approx(0.285, abs=0.03)


# (problem, published mean, what is allowed, file)
VAES = [("mnist_vae", 37.65, 0.75, "MNIST"), ("fmnist_vae", 29.68, 0.6, "FashionMNIST")]


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(("problem", "mean", "allowed", "file"), VAES, ids=[v[0] for v in VAES])
def test_vae_with_adam_after_one_epoch(
    problem: str, mean: float, allowed: float, file: str
) -> None:
    """Published 37.65 ± .24 on MNIST and 29.68 ± .12 on Fashion-MNIST; five of those at most."""
    needs(file)
    record = train(problem, "Adam", GRID[-19], epochs=1)
    assert record.test_losses[1] == pytest.approx(mean, abs=allowed)


@needs_data
@pytest.mark.slow
def test_tolstoi_char_rnn_with_sgd_after_two_epochs() -> None:
    """Published 2.168 ± .008 and, over the same ten seeds, 1.877 ± .012 after the second epoch."""
    needs("tolstoi")
    record = train("tolstoi_char_rnn", "SGD", GRID[1], epochs=2)
    assert record.test_losses[1] == pytest.approx(2.168, abs=0.03)
    assert record.test_losses[2] == pytest.approx(1.877, abs=0.04)
