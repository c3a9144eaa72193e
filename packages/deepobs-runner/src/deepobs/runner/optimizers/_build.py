"""Optimizers: found by name or class, their hyperparameters checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ..common import UsageError, explain


def make_optimizer(
    optimizer: type[Optimizer],
    parameters: Iterable[nn.Parameter],
    lr: float,
    hyperparameters: Mapping[str, Any],
) -> Optimizer:
    """A new optimizer over `parameters`; what its constructor refuses becomes a `UsageError`."""
    construct: Any = optimizer
    try:
        made: Optimizer = construct(parameters, lr=lr, **hyperparameters)
    except Exception as error:  # a user's constructor may assert, or look up what is not there
        reason = f"{optimizer.__name__} refuses its arguments: {explain(error)}."
        raise UsageError(reason) from error
    return made


def load_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Restores what `state_dict` gave, in the type it had.

    `Optimizer.load_state_dict` alone turns every number of a parameter's state into the parameter's
    type: sums kept in float64 would lose digits, and the run not go on as it was.
    """
    optimizer.load_state_dict(dict(state))
    for index, held in optimizer.state_dict()["state"].items():  # the very mappings it works with
        if isinstance(held, dict):  # state of the whole optimizer may be a bare value
            held.update(_in_type_of(state["state"].get(index), held))


def state_bytes(optimizer: Optimizer) -> int:
    """Bytes of the tensors in the optimizer's state."""
    return sum(tensor.numel() * tensor.element_size() for tensor in _tensors(optimizer.state))


def _in_type_of(saved: Any, held: Any) -> Any:
    """What is held, with every tensor in the type it was saved in, however deep."""
    if isinstance(held, Tensor) and isinstance(saved, Tensor):
        return held if saved.dtype == held.dtype else saved.to(held.device, copy=True)
    if isinstance(held, dict) and isinstance(saved, dict):
        return {name: _in_type_of(saved.get(name), item) for name, item in held.items()}
    if type(held) in (list, tuple) and isinstance(saved, type(held)) and len(saved) == len(held):
        return type(held)(map(_in_type_of, saved, held))
    return saved if isinstance(saved, str) else held  # torch takes a string for a list


def _tensors(value: Any) -> Iterable[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
