"""Recipes: optimizers that treat parameters by their roles."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import torch
from torch.optim import AdamW, Optimizer

from deepobs.models import Role

from ..common import canonical
from ._joined import JoinedOptimizer, MatrixOptimizer
from ._parameters import NamedParameter

_log = logging.getLogger(__name__)

_MATRICES = (Role.HIDDEN, Role.CONVOLUTION)


def muon(
    parameters: Sequence[NamedParameter],
    *,
    lr: float = 0.02,
    momentum: float = 0.95,
    weight_decay: float = 0.1,
    nesterov: bool = True,
    ns_steps: int = 5,
    adjust_lr_fn: str = "original",
    adamw_lr_factor: float = 0.3,
    adamw_betas: tuple[float, float] = (0.9, 0.999),
    adamw_eps: float = 1e-8,
    adamw_weight_decay: float | None = None,
) -> Optimizer:
    """Returns Muon for hidden matrices and convolutions, with AdamW for everything else.

    Kernels are flattened to two dimensions. If a model has no such parameters, AdamW trains all of
    them, with a warning. Jordan et al., 2024, https://kellerjordan.github.io/posts/muon.

    Args:
        parameters: Parameters with names and roles.
        lr: Muon's learning rate.
        momentum: Muon's momentum.
        weight_decay: Factor of the decoupled weight decay.
        nesterov: Whether Muon's momentum is Nesterov's.
        ns_steps: Newton-Schulz iterations.
        adjust_lr_fn: Dependence of the rate on the shape, as in `torch.optim.Muon`.
        adamw_lr_factor: AdamW's learning rate as a multiple of `lr`.
        adamw_betas: AdamW's decay rates.
        adamw_eps: AdamW's constant in the denominator.
        adamw_weight_decay: AdamW's weight decay; by default that of Muon.

    Example:
        >>> from deepobs.models import MLP
        >>> from deepobs.runner.optimizers import named_parameters
        >>> optimizer = muon(named_parameters(MLP()), lr=0.02)
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.02, 0.006]
    """
    matrices = [item.parameter for item in parameters if item.role in _MATRICES]
    others = [item.parameter for item in parameters if item.role not in _MATRICES]
    made: list[Optimizer] = []
    if matrices:
        make = partial(
            torch.optim.Muon,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            nesterov=nesterov,
            ns_steps=ns_steps,
            adjust_lr_fn=adjust_lr_fn,
        )
        made.append(MatrixOptimizer(make, matrices))
    else:
        _log.warning(
            "No parameter is a hidden matrix or a convolution, so AdamW trains all of them."
        )
    if others:
        decay = weight_decay if adamw_weight_decay is None else adamw_weight_decay
        rate = canonical(lr * adamw_lr_factor)
        made.append(AdamW(others, rate, adamw_betas, adamw_eps, weight_decay=decay))
    return JoinedOptimizer(made)
