"""An optimizer's state: its size, and how it is restored in the types it had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer


def load_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Restores what `state_dict` returned, in the types it had.

    `Optimizer.load_state_dict` alone turns every floating-point tensor of a parameter's state into
    the parameter's type. Sums kept in float64 would lose digits.

    Args:
        optimizer: The optimizer to restore.
        state: What its `state_dict` returned. It is not changed.
    """
    optimizer.load_state_dict(dict(state))
    saved = state.get("state")
    held_state = optimizer.state_dict().get("state")  # holds the very mappings it works with
    if not (isinstance(saved, Mapping) and isinstance(held_state, Mapping)):
        return
    for index, held in held_state.items():
        if isinstance(held, dict):  # the state of the whole optimizer may be a bare value
            held.update(_in_type_of(saved.get(index), held))


def state_bytes(optimizer: Optimizer) -> int:
    """Returns the bytes of all tensors in the optimizer's state, shared ones counted once.

    Args:
        optimizer: Any optimizer; optimizers inside it count where its `state_dict` has them.
    """
    state = {name: item for name, item in optimizer.state_dict().items() if name != "param_groups"}
    sizes = {(t.data_ptr(), t.shape): t.numel() * t.element_size() for t in _tensors(state)}
    return sum(sizes.values())


def _in_type_of(saved: Any, held: Any) -> Any:
    """Returns what is held, with every tensor in the type it was saved in, however deep."""
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
