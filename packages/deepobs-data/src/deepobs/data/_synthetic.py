"""The generated data sets of DeepOBS: quadratic and two_d."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ._batches import ArrayDataset, Arrays
from ._transforms import Copy


def quadratic() -> ArrayDataset:
    """Draws the points of the quadratic problem from N(0, 0.6²), 1,000 for each phase.

    They are bit for bit those of DeepOBS: `numpy.random.RandomState(42)` for training, 43 for
    testing.

    Returns:
        Inputs `[N, 100]`, no targets.
    """
    train, test = (np.random.RandomState(seed).normal(0.0, 0.6, (1000, 100)) for seed in (42, 43))
    return _dataset("quadratic", _tensor(train), _tensor(test))


def two_d() -> ArrayDataset:
    """Draws the noise of the 2-D problems: 10,000 pairs of N(0, 1) for training, zeros for testing.

    They are those of DeepOBS: first all x, then all y from `numpy.random.RandomState(42)`. The test
    loss is the function without noise.

    Returns:
        Inputs `[N, 2]`: the factors of u and v in the loss. No targets.
    """
    train = np.random.RandomState(42).normal(0.0, 1.0, (2, 10_000)).T
    return _dataset("two_d", _tensor(train), torch.zeros(10_000, 2))


def _dataset(name: str, train: Tensor, test: Tensor) -> ArrayDataset:
    return ArrayDataset(
        name, train=Arrays(train), test=Arrays(test), num_classes=None, transform=Copy()
    )


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
