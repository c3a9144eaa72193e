"""An optimizer's state: its size, and restoring it without changes of dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer


def load_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Restores what `state_dict` returned, with the original dtypes.

    `Optimizer.load_state_dict` converts every floating-point tensor of a parameter's state to the
    parameter's dtype, so that sums kept in float64 would lose precision.

    Args:
        optimizer: The optimizer to restore.
        state: What its `state_dict` returned. It is not changed.
    """
    optimizer.load_state_dict(dict(state))
    saved = state.get("state")
    held_state = optimizer.state_dict().get("state")  # contains the original mappings, not copies
    if not (isinstance(saved, Mapping) and isinstance(held_state, Mapping)):
        return
    for index, held in held_state.items():
        if isinstance(held, dict):  # the optimizer's global state may be a plain value
            held.update(_in_type_of(saved.get(index), held))


def state_bytes(optimizer: Optimizer) -> int:
    """Returns the size in bytes of the tensors in the optimizer's state, counting shared ones once.

    Args:
        optimizer: The optimizer; wrapped ones are included if they are in its `state_dict`.
    """
    state = {name: item for name, item in optimizer.state_dict().items() if name != "param_groups"}
    sizes = {(t.data_ptr(), t.shape): t.numel() * t.element_size() for t in _tensors(state)}
    return sum(sizes.values())


def _in_type_of(saved: Any, held: Any) -> Any:
    """Returns the nested state with every tensor in the dtype in which it was saved."""
    if isinstance(held, Tensor) and isinstance(saved, Tensor):
        return held if saved.dtype == held.dtype else saved.to(held.device, copy=True)
    if isinstance(held, dict) and isinstance(saved, dict):
        return {name: _in_type_of(saved.get(name), item) for name, item in held.items()}
    if type(held) in (list, tuple) and isinstance(saved, type(held)) and len(saved) == len(held):
        return type(held)(map(_in_type_of, saved, held))
    return saved if isinstance(saved, str) else held  # torch treats a string as a list


def _tensors(value: Any) -> Iterable[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
