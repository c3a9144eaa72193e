"""Points at which a physics-informed network for the convection equation is trained."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._dataset import Batch, Facts
from ._full_batch import FullBatchDataset

NUM_X, NUM_T = 257, 101  # the grid, with its borders


class ConvectionPoints(NamedTuple):
    """Points (x, t) `[n, 2]` as inputs of a batch, or the exact solution `[n]` as targets.

    Attributes:
        residual: Interior points, where the equation must hold.
        initial: Points with t = 0, where the initial value is given.
        lower: Points with x = 0, equal in value to those of `upper`.
        upper: Points with x = 2π, at the same times.
    """

    residual: Tensor
    initial: Tensor
    lower: Tensor
    upper: Tensor


def convection(*, beta: float = 40.0, points: int = 10_000, seed: int = 0) -> FullBatchDataset:
    """Draws the points of the convection equation ∂u/∂t + β ∂u/∂x = 0 on [0, 2π] × [0, 1].

    With u(x, 0) = sin(x) and u(0, t) = u(2π, t), the solution is sin(x - βt). Of the 255 × 100
    interior points of a grid of 257 × 101, 10,000 are for training, another 10,000 for validation
    (added by `with_validation`), and all of them for testing. Every phase also has the 257 initial
    points and the 101 points of each border. The defaults are the paper's.

    Args:
        beta: β.
        points: The number of interior points for training, and for validation; 1 to 12,750.
        seed: The seed for drawing the interior points.

    Returns:
        One batch of `ConvectionPoints` per phase: the inputs are points, the targets the exact
        solution.

    Raises:
        ValueError: If `points` is out of range.

    Source: Rathore, Lei, Frangella, Lu, Udell. Challenges in training PINNs: a loss landscape
    perspective. ICML 2024.
    """
    if not 1 <= points <= (NUM_X - 2) * (NUM_T - 1) // 2:
        raise ValueError(f"points must be 1 to 12750, but is {points}.")
    x, t = np.linspace(0, 2 * math.pi, NUM_X), np.linspace(0, 1, NUM_T)
    interior = _points(np.repeat(x[1:-1], NUM_T - 1), np.tile(t[1:], NUM_X - 2))
    order = np.random.RandomState(seed).permutation(len(interior))
    rest = (
        _points(x, np.zeros(NUM_X)),
        _points(np.zeros(NUM_T), t),
        _points(np.full(NUM_T, 2 * math.pi), t),
    )

    def batch(residual: npt.NDArray[np.float64]) -> Batch:
        points = [residual, *rest]
        values = [np.sin(point[:, 0] - beta * point[:, 1]) for point in points]
        return Batch(_tensors(points), _tensors(values))

    return FullBatchDataset(
        "convection",
        train=batch(interior[order[:points]]),
        valid=batch(interior[order[points : 2 * points]]),
        test=batch(interior),
        facts=Facts(num_features=2),
    )


def _points(x: npt.NDArray[np.float64], t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.stack([x, t], axis=1)


def _tensors(arrays: list[npt.NDArray[np.float64]]) -> ConvectionPoints:
    return ConvectionPoints(*(torch.from_numpy(array.astype(np.float32)) for array in arrays))
