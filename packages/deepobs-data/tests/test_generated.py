import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from deepobs.data import Facts, convection, heavy_tailed, matrix_sensing, modular_addition


def test_heavy_tailed_classes_follow_the_papers_counts() -> None:
    """Groups of 2^m examples: 1 class of 256, 2 of 128, ..., 128 of 2."""
    data = heavy_tailed()
    inputs, labels = data.arrays("train")
    assert inputs.shape == (8 * 2**8, 9 * 2**8)
    assert data.facts == Facts(num_classes=255, num_features=2304)
    counts = labels.to(torch.int64).bincount()
    expected = [2 ** (8 - group) for group in range(8) for _ in range(2**group)]
    assert counts.tolist() == expected


@pytest.mark.parametrize("size", range(2, 8))
def test_heavy_tailed_sizes(size: int) -> None:
    """m·2^m examples, (m + 1)·2^m dimensions, 2^m - 1 classes."""
    data = heavy_tailed(size=size)
    assert data.num_examples("train") == data.num_examples("test") == size * 2**size
    assert data.facts.num_features == (size + 1) * 2**size
    assert data.num_classes == 2**size - 1


def test_heavy_tailed_inputs_are_uniform_and_say_nothing_of_the_class() -> None:
    """Within five standard errors of the mean 1/2, for all and for the most frequent class."""
    inputs, labels = heavy_tailed().arrays("train")
    assert 0 <= inputs.min() < inputs.max() <= 1
    for chosen in (inputs, inputs[labels == 0]):
        error = math.sqrt(1 / 12 / chosen.numel())
        assert abs(chosen.mean().item() - 0.5) < 5 * error
    draws = [heavy_tailed(size=4, seed=seed).arrays("train").inputs for seed in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_modular_addition_has_every_pair_once() -> None:
    """30 % of the 113² pairs for training, the rest for testing."""
    data = modular_addition()
    assert data.num_examples("train") == 3831
    assert data.num_examples("test") == 113**2 - 3831
    pairs = torch.cat([data.arrays(phase).inputs for phase in ("train", "test")])
    assert len(pairs.unique(dim=0)) == 113**2
    for phase in ("train", "test"):
        inputs, targets = data.arrays(phase)
        assert torch.equal(targets, inputs.sum(dim=1) % 113)
    assert data.facts == Facts(num_classes=113, vocabulary_size=113, sequence_length=2)


def test_modular_addition_draws_the_pairs_by_its_seed() -> None:
    """Another seed, another training set; the fraction and the modulus can be chosen."""
    one, other = (modular_addition(seed=seed).arrays("train").inputs for seed in (0, 1))
    assert not torch.equal(one, other)
    data = modular_addition(modulus=7, fraction=0.5)
    assert (data.num_examples("train"), data.num_examples("test")) == (24, 25)


def test_convection_points_are_on_the_papers_grid() -> None:
    """10,000 distinct interior points, 257 initial ones and 101 on each border."""
    data = convection().with_validation()
    (train,) = data.batches("train", batch_size=10_000)
    (valid,) = data.batches("valid", batch_size=1)
    (test,) = data.batches("test", batch_size=1)
    shapes = [tuple(points.shape) for points in train.inputs]
    assert shapes == [(10_000, 2), (257, 2), (101, 2), (101, 2)]
    assert test.inputs.residual.shape == (255 * 100, 2)
    points = torch.cat([train.inputs.residual, valid.inputs.residual])
    assert len(points.unique(dim=0)) == 20_000
    every = torch.cat([test.inputs.residual, points]).unique(dim=0)
    assert len(every) == 255 * 100
    x, t = test.inputs.residual.unbind(1)
    assert 0 < x.min() < x.max() < 2 * math.pi
    assert 0 < t.min() < t.max() == 1


def test_fewer_points_of_the_convection_equation() -> None:
    """Training and validation have as many as asked for; the test points are the same."""
    data = convection(points=30).with_validation()
    assert [data.num_examples(phase) for phase in data.phases] == [30, 30, 30, 25_500]


def test_convection_targets_are_the_exact_solution() -> None:
    """It solves the equation, starts as a sine, and is equal at both borders."""
    (batch,) = convection(beta=3.0).batches("test", batch_size=1)
    for points, values in zip(batch.inputs, batch.targets, strict=True):
        x, t = points.to(torch.float64).unbind(1)
        # The points are rounded to float32: an error of 4e-7 in x, three times that in 3 t.
        torch.testing.assert_close(
            values.to(torch.float64), torch.sin(x - 3 * t), rtol=0, atol=2e-6
        )
    initial = batch.inputs.initial
    assert (initial[:, 1] == 0).all()
    torch.testing.assert_close(batch.targets.initial, torch.sin(initial[:, 0]), rtol=0, atol=1e-6)
    assert (batch.inputs.lower[:, 0] == 0).all()
    assert torch.equal(batch.inputs.lower[:, 1], batch.inputs.upper[:, 1])
    torch.testing.assert_close(batch.targets.lower, batch.targets.upper)


def test_matrix_sensing_measures_one_matrix() -> None:
    """Least squares finds a symmetric matrix of the chosen rank and eigenvalues."""
    data = matrix_sensing(dimension=8, rank=2, condition=10.0)
    assert data.num_examples("train") == 6 * 8 * 2
    parts = [data.arrays(phase) for phase in ("train", "test")]
    inputs = torch.cat([part.inputs for part in parts]).flatten(1).to(torch.float64)
    targets = torch.cat([part.targets for part in parts]).to(torch.float64)
    matrix = torch.linalg.lstsq(inputs, targets[:, None]).solution.view(8, 8)
    torch.testing.assert_close(matrix, matrix.T, rtol=0, atol=1e-5)  # inputs have float32's errors
    eigenvalues = torch.linalg.eigvalsh(matrix)
    expected = torch.tensor([0.0] * 6 + [0.1, 1.0], dtype=torch.float64)
    torch.testing.assert_close(eigenvalues, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("load", "arguments", "message"),
    [
        (heavy_tailed, {"size": 1}, "size must be 2 to 11, but is 1"),
        (heavy_tailed, {"size": 12}, "size must be 2 to 11"),
        (modular_addition, {"modulus": 1}, "modulus must be 2 to 1000"),
        (modular_addition, {"fraction": 1.0}, "fraction must be more than 0"),
        (modular_addition, {"fraction": 1e-9}, "fraction must be more than 0"),
        (modular_addition, {"fraction": float("nan")}, "fraction must be more than 0"),
        (matrix_sensing, {"rank": 21}, r"rank must be 1 to dimension \(20\)"),
        (matrix_sensing, {"rank": 0}, "rank must be 1"),
        (matrix_sensing, {"condition": 0.5}, "condition must be 1 or more"),
        (convection, {"points": 0}, "points must be 1 to 12750, but is 0"),
        (convection, {"points": 12_751}, "points must be 1 to 12750"),
    ],
)
def test_sizes_out_of_range_are_refused(
    load: Callable[..., object], arguments: dict[str, Any], message: str
) -> None:
    """One sentence with the range."""
    with pytest.raises(ValueError, match=message):
        load(**arguments)
