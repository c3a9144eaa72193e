"""The L2 regularizer of DeepOBS: ½·factor·Σw² over the kernels that the original regularises."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def nothing(model: nn.Module) -> list[Tensor]:
    """No parameter at all: the problem has no regularizer."""
    del model
    return []


def kernels(model: nn.Module) -> list[Tensor]:
    """The weights of all convolutions and linear layers of `model`, without biases."""
    return [m.weight for m in model.modules() if isinstance(m, (*_CONVOLUTIONS, nn.Linear))]


def convolution_kernels(model: nn.Module) -> list[Tensor]:
    """The weights of all convolutions of `model`; linear layers are left out."""
    return [m.weight for m in model.modules() if isinstance(m, _CONVOLUTIONS)]


def half_sum_of_squares(parameters: Iterable[Tensor], factor: float) -> Tensor:
    """½ · `factor` · Σw² over all entries of `parameters`, a differentiable scalar."""
    flat = [p.reshape(-1) for p in parameters]
    return 0.5 * factor * torch.stack([torch.dot(w, w) for w in flat]).sum()
