"""Trials of an optimizer before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from deepobs.problems import PROBLEMS

from ..optimizers import (
    FoundOptimizer,
    Group,
    build_optimizer,
    check_step,
    own_randomness,
    replica,
    without_warnings,
)

if TYPE_CHECKING:
    from deepobs.problems import Problem


def try_out(found: FoundOptimizer, lr: float | None, hyperparameters: Mapping[str, Any]) -> None:
    """Creates an optimizer of a single matrix, without a step.

    Args:
        found: The optimizer.
        lr: Its learning rate, checked.
        hyperparameters: Its hyperparameters, checked.

    Raises:
        UsageError: If the optimizer rejects them.
    """
    module = nn.Module()
    module.weight = nn.Parameter(torch.zeros(2, 2))
    with without_warnings():
        build_optimizer(found, module, lr, hyperparameters)


def try_on_problem(
    problem: Problem,
    found: FoundOptimizer,
    lr: float | None,
    hyperparameters: Mapping[str, Any],
    calls: str,
    groups: Sequence[Group],
) -> bool:
    """Takes a step with an optimizer on a small copy of a problem's model.

    Args:
        problem: The problem.
        found: The optimizer.
        lr: Its learning rate, checked.
        hyperparameters: Its hyperparameters, checked.
        calls: The run's setting of how it is called.
        groups: The groups of parameters, checked.

    Returns:
        Whether there is such a copy: only for packaged problems, since the model of others may be
        slow to create.

    Raises:
        UsageError: If the constructor or the step raises an error, or the groups do not fit.
    """
    small = _small_model(problem.name) if PROBLEMS.get(problem.name) is problem else None
    if small is None:
        return False
    check_step(found, lr, hyperparameters, calls, small=small, groups=groups, model=problem.name)
    return True


@cache
def _small_model(name: str) -> Callable[[], nn.Module] | None:
    """Returns a function that creates a small copy of a problem's model, if that needs no data."""
    try:
        with own_randomness(), torch.device("meta"), _NoDraws():
            return partial(replica, PROBLEMS[name].model())
    except Exception:  # noqa: BLE001 - a model may need facts of the data, or values of its weights
        return None


class _NoDraws(TorchFunctionMode):
    """Context that skips normal draws, for which the meta device would import torch's compiler."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return args[0] if func is Tensor.normal_ else func(*args, **(kwargs or {}))
