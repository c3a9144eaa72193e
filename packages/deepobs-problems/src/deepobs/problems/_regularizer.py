"""The L2 regularizer of DeepOBS: ½·factor·Σw² over some of the parameters."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def nothing(model: nn.Module) -> list[Tensor]:
    """Returns no parameter, for problems without a regularizer."""
    del model
    return []


def kernels(model: nn.Module) -> list[Tensor]:
    """Returns the weights of all convolutions and linear layers of a model, without biases.

    Args:
        model: The model.

    Returns:
        The weights, in the order of the modules.
    """
    return [m.weight for m in model.modules() if isinstance(m, (*_CONVOLUTIONS, nn.Linear))]


def convolution_kernels(model: nn.Module) -> list[Tensor]:
    """Returns the weights of all convolutions of a model, but not of its linear layers.

    Args:
        model: The model.

    Returns:
        The weights, in the order of the modules.
    """
    return [m.weight for m in model.modules() if isinstance(m, _CONVOLUTIONS)]


def half_sum_of_squares(parameters: Iterable[Tensor], factor: float) -> Tensor:
    """Returns ½ · `factor` · Σw² over all entries of the parameters, differentiable."""
    flat = [p.reshape(-1) for p in parameters]
    return 0.5 * factor * torch.stack([torch.dot(w, w) for w in flat]).sum()
