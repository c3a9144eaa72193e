"""What a training step takes."""

from pathlib import Path
from typing import Any

import pytest

from deepobs.data.testing import write_stand_in
from deepobs.runner.training import measure_step


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """Of the regression on digits: 64 examples, 64 pixels, 10 classes."""
    return measure_step("digits_logreg", device="cpu")


def test_operations_of_a_matrix_product(measured: dict[str, Any]) -> None:
    """Two for each weight and example, forward and for the weights' gradient."""
    assert measured["flops_per_step"] == 2 * 2 * 64 * 64 * 10


def test_memory(measured: dict[str, Any]) -> None:
    """Weights and gradients, the batch, and at least the log-probabilities of each class."""
    weights, activations = 4 * (64 * 10 + 10), measured["activation_bytes"]
    batch = 64 * 64 * 4 + 64 * 8
    assert measured["weight_bytes"] == weights
    assert activations >= 4 * 64 * 10
    assert measured["memory_bytes"] == 2 * weights + activations + batch


def test_time_and_threads(measured: dict[str, Any]) -> None:
    """Time is positive; a small problem takes one thread."""
    assert measured["seconds_per_step"] > 0
    assert measured["threads"] == 1


@pytest.mark.parametrize("problem", ["cora_gcn", "cartpole_ppo_small", "digits_2c2d"])
def test_every_kind_of_batch(problem: str, tmp_path: Path) -> None:
    """Sparse graphs, collected episodes and images."""
    write_stand_in("cora", tmp_path)
    found = measure_step(problem, device="cpu", data_root=tmp_path)
    assert found["memory_bytes"] > found["weight_bytes"] > 0


def test_a_larger_batch_needs_more(measured: dict[str, Any]) -> None:
    """Operations grow with the batch."""
    larger = measure_step("digits_logreg", batch_size=128, device="cpu")
    assert larger["flops_per_step"] == 2 * measured["flops_per_step"]
