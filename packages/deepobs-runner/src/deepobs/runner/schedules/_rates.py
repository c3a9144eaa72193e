"""Classes of torch that set the learning rate themselves: here they are given multiples of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer, lr_scheduler

from ..common import UsageError, brief, is_number

#: The factor that replaces each argument of torch that is a learning rate, by class.
_FACTORS: Mapping[str, Mapping[str, str]] = {
    "OneCycleLR": {"max_lr": "max_factor"},
    "CyclicLR": {"base_lr": "base_factor", "max_lr": "max_factor"},
}


def arguments_of(name: str) -> list[str]:
    """Returns the arguments that a schedule of torch takes here, without the optimizer."""
    factors = _FACTORS.get(name, {})
    given = list(inspect.signature(getattr(lr_scheduler, name)).parameters)[1:]
    return [factors.get(argument, argument) for argument in given]


def check_factors(name: str, given: Mapping[str, Any]) -> None:
    """Refuses learning rates in place of factors, and factors that are not positive numbers.

    `OneCycleLR` and `CyclicLR` replace the learning rate of a run by their own, so that runs with
    different learning rates would be the same run.

    Args:
        name: The class.
        given: Its arguments.

    Raises:
        UsageError: If a factor is missing, or one of the values is wrong.
    """
    for rate, factor in _FACTORS.get(name, {}).items():
        meaning = f"{factor}, the multiple of the run's learning rate"
        if rate in given:
            raise UsageError(
                f"{rate}={brief(given[rate])} of {name} would replace the run's learning rate; "
                f"give {meaning}."
            )
        if factor not in given:
            raise UsageError(f"{name} needs {meaning} that replaces its argument {rate}.")
        if not (is_number(given[factor]) and given[factor] > 0):
            raise UsageError(
                f"{factor} of {name} must be a positive number, not {brief(given[factor])}."
            )


def with_rates(name: str, optimizer: Optimizer, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments as torch takes them, with a learning rate for each group.

    Momentum is not cycled unless `cycle_momentum` is given: it would replace the optimizer's own.

    Args:
        name: The class.
        optimizer: The optimizer, whose groups have the run's learning rates.
        given: The arguments, with factors.
    """
    arguments = dict(given)
    for rate, factor in _FACTORS.get(name, {}).items():
        multiple = arguments.pop(factor)
        arguments[rate] = [multiple * group["lr"] for group in optimizer.param_groups]
        arguments.setdefault("cycle_momentum", False)
    return arguments
