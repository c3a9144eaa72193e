"""The Hessian of quadratic_deep, as the original draws it first."""

from __future__ import annotations

import os

import numpy as np
import torch
from numpy.typing import NDArray

from deepobs.data import Batch, FullBatchDataset
from deepobs.models import Quadratic

_DIMENSIONS = 100
_SEED = 42


def quadratic_deep() -> Quadratic:
    """The model of quadratic_deep: 100 parameters that start at one.

    90 eigenvalues are uniform on [0, 1) and 10 on [30, 60), as the Hessians of deep networks have
    few large and many small ones (Chaudhari et al., "Entropy-SGD", ICLR 2017).
    """
    return Quadratic(torch.from_numpy(_hessian()).float())


def _hessian() -> NDArray[np.float64]:
    """R diag(λ) Rᵀ `[100, 100]`, with the same numbers in every call.

    The stream is numpy's legacy generator because that is what the golden numbers come from; it is
    stable across numpy's versions.
    """
    rng = np.random.RandomState(_SEED)
    eigenvalues = np.concatenate([rng.uniform(0, 1, 90), rng.uniform(30, 60, 10)])
    rotation = _random_rotation(rng, _DIMENSIONS)
    hessian: NDArray[np.float64] = (rotation * eigenvalues) @ rotation.T
    return hessian


def _random_rotation(rng: np.random.RandomState, dimensions: int) -> NDArray[np.float64]:
    """A rotation, uniform over SO(n): the subgroup algorithm, a reflection a dimension.

    Diaconis and Shahshahani, "The subgroup algorithm for generating uniform random variables",
    Probability in the Engineering and Informational Sciences 1, 1987.
    """
    angle = 2 * np.pi * rng.uniform()
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for d in range(2, dimensions):
        direction = rng.normal(size=d + 1)
        normal = -direction / np.linalg.norm(direction)
        normal[0] += 1
        normal /= np.linalg.norm(normal)
        embedded = np.zeros((d + 1, d + 1))
        embedded[0, 0] = 1
        embedded[1:, 1:] = rotation
        rotation = embedded - 2 * np.outer(embedded @ normal, normal)
    return -rotation


def rotated_quadratic() -> Quadratic:
    """Returns the model of rotated_quadratic: ½ θᵀ R diag(λ) Rᵀ θ in 100 dimensions.

    The eigenvalues λ are 1 to 1/1000, equally spaced on a logarithmic scale, and R is a rotation
    that is drawn once. Gradient descent with rate η maps θ to R diag(1 − η λ) Rᵀ θ for any R,
    whereas optimizers that scale coordinates depend on R, because the eigenvectors are not aligned
    with the coordinates.
    """
    rotation = _random_rotation(np.random.RandomState(_SEED), _DIMENSIONS)
    eigenvalues = np.logspace(0, -3, _DIMENSIONS)
    return Quadratic(torch.from_numpy((rotation * eigenvalues) @ rotation.T).float())


def origin(*, root: str | os.PathLike[str] | None = None) -> FullBatchDataset:
    """Returns the data of rotated_quadratic: one point, zero, so that the loss has no noise."""
    del root
    batch = Batch(torch.zeros(1, _DIMENSIONS), None)
    return FullBatchDataset("origin", train=batch, test=batch)
