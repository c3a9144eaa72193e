"""Builds an optimizer before anything runs, to see whether it takes its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..optimizers import FoundOptimizer, build_optimizer


def try_out(found: FoundOptimizer, lr: float | None, hyperparameters: Mapping[str, Any]) -> None:
    """Builds an optimizer over a single matrix.

    Args:
        found: The optimizer.
        lr: Its learning rate, checked.
        hyperparameters: Its other arguments, checked.

    Raises:
        UsageError: The optimizer refuses them.
    """
    module = nn.Module()
    module.weight = nn.Parameter(torch.zeros(2, 2))
    build_optimizer(found, module, lr, hyperparameters)
