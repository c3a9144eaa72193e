"""Checks an optimizer's hyperparameters before anything runs."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from ..common import UsageError, unknown
from ._build import make_optimizer


def needs_closure(optimizer: type[Optimizer]) -> bool:
    """Whether `step` cannot be called without a closure, as for L-BFGS."""
    parameter = inspect.signature(optimizer.step).parameters.get("closure")
    return parameter is not None and parameter.default is inspect.Parameter.empty


def check_hyperparameters(
    optimizer: type[Optimizer], lr: float, hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The hyperparameters in canonical form: sorted, sequences as tuples, 1 and 1.0 the same.

    Raises:
        UsageError: The optimizer has no argument of that name, or refuses the value.
    """
    if not (
        isinstance(hyperparameters, Mapping) and all(isinstance(k, str) for k in hyperparameters)
    ):
        raise UsageError(f"hyperparameters is a mapping from names, not {hyperparameters!r}.")
    parameters = inspect.signature(optimizer).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    names = [name for name in list(parameters)[1:] if name != "lr"]
    if "lr" not in parameters and not open_ended:
        raise UsageError(f"{optimizer.__name__} takes no learning rate: it has no argument lr.")
    checked = {}
    for name, value in sorted(hyperparameters.items()):
        if name == "lr":
            raise UsageError("The learning rate is given as lr, not as one of the hyperparameters.")
        if name not in names and not open_ended:
            raise unknown(
                f"hyperparameter of {optimizer.__name__}",
                name,
                names,
                f"it takes {', '.join(names) or 'none besides lr'}.",
            )
        default = parameters[name].default if name in parameters else None
        checked[name] = _canonical(f"{optimizer.__name__}'s {name}", value, default)
    _try_out(optimizer, lr, checked)
    return checked


def _canonical(what: str, value: Any, default: Any) -> Any:
    """`value` as a plain Python value that JSON can hold, compared with the kind of the default."""
    if isinstance(value, (list, tuple)):
        return tuple(_canonical(what, item, None) for item in value)
    number = isinstance(default, numbers.Real) and not isinstance(default, bool)
    if value is None or isinstance(value, (bool, str)):
        if number and value is not None:
            raise UsageError(f"{what} is a number, like its default {default}, not {value!r}.")
        return value
    if isinstance(value, numbers.Integral):
        return float(value) if isinstance(default, float) else int(value)
    if isinstance(value, numbers.Real):
        if not math.isfinite(value):
            raise UsageError(f"{what} is a finite number, not {float(value)}.")
        value = float(value)
        return int(value) if isinstance(default, int) and value.is_integer() else value
    raise UsageError(f"{what} is a number, a string, a boolean or a list of them, not {value!r}.")


def _try_out(optimizer: type[Optimizer], lr: float, hyperparameters: Mapping[str, Any]) -> None:
    """Constructs the optimizer over a matrix, so that a value it refuses is known at once."""
    make_optimizer(optimizer, [nn.Parameter(torch.zeros(2, 2))], lr, hyperparameters)
