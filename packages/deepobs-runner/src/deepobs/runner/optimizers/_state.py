"""An optimizer's state: its size, saving it, and restoring it without changes of dtype."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..common import explain

_UNSAVED = "deepobs_unsaved"  # the key of a state that holds the reason instead
_PLAIN = (Tensor, nn.Parameter, str, bool, int, float, complex, type(None))


def savable_state(optimizer: Optimizer) -> dict[str, Any]:
    """Returns the optimizer's `state_dict`, or the reason why a file cannot hold it.

    Args:
        optimizer: The optimizer.
    """
    try:
        state = optimizer.state_dict()
        if not isinstance(state, Mapping):
            return {_UNSAVED: f"its state_dict returns a {type(state).__name__}, not a dictionary"}
        for key, value in _refused(state, "state_dict()"):
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            return {
                _UNSAVED: f"{key} is a {kind}, but only tensors and plain values can be restored"
            }
    except Exception as error:  # noqa: BLE001 - its own state_dict may raise anything
        return {_UNSAVED: f"its state_dict fails: {explain(error)}"}
    return dict(state)


def restore_state(optimizer: Optimizer, state: Mapping[str, Any]) -> str | None:
    """Restores what `savable_state` returned.

    Args:
        optimizer: The optimizer to restore.
        state: The state, as read from a file. It is not changed.

    Returns:
        None, or why the state cannot be restored: which key is missing or wrong.
    """
    if _UNSAVED in state:
        return str(state[_UNSAVED])
    try:
        load_optimizer_state(optimizer, state)
    except Exception as error:  # noqa: BLE001 - its own load_state_dict may raise anything
        held = ", ".join(map(repr, state))
        if isinstance(error, KeyError):
            return (
                f"its load_state_dict needs the key {error}, and the keys of its state_dict are "
                f"{held}"
            )
        return (
            f"its load_state_dict refuses what its state_dict returned, with the keys {held}: "
            f"{explain(error)}"
        )
    return None


def _refused(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yields the parts of a nested state that torch does not read without running code."""
    if type(value) in _PLAIN:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _refused(item, f"{key}[{name!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _refused(item, f"{key}[{index}]")
    try:
        content = io.BytesIO()
        torch.save(_emptied(value), content)
        content.seek(0)
        torch.load(content, weights_only=True)
    except Exception:  # noqa: BLE001 - pickling runs the value's own code
        yield key, value


def _emptied(value: Any) -> Any:
    """Returns an empty container of the same type; everything else as it is."""
    return type(value)() if type(value) in (dict, OrderedDict, list, tuple) else value


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
