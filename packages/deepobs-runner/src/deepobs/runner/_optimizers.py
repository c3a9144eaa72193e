"""Optimizers: found by name or class, their hyperparameters checked before anything runs."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ._errors import UsageError, explain, import_users, unknown

_ENTRY_POINTS = "deepobs.optimizers"


def find_optimizer(optimizer: str | type[Optimizer]) -> type[Optimizer]:
    """The optimizer's class.

    Args:
        optimizer: A class; or a name of `torch.optim` (`"SGD"`), of the entry point group
            `deepobs.optimizers`, or `"package.module.Class"`.

    Raises:
        UsageError: There is no such optimizer, or it is none.
    """
    found = _by_name(optimizer) if isinstance(optimizer, str) else optimizer
    if not (isinstance(found, type) and issubclass(found, Optimizer)) or found is Optimizer:
        raise UsageError(
            f"optimizer is a name or a subclass of torch.optim.Optimizer, not {optimizer!r}."
        )
    return found


def optimizer_path(optimizer: type[Optimizer]) -> str:
    """The name `find_optimizer` finds the class by: bare for those of torch.optim."""
    name: str = optimizer.__name__
    if getattr(torch.optim, name, None) is optimizer:
        return name
    return f"{optimizer.__module__}.{optimizer.__qualname__}"


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


def _by_name(name: str) -> Any:
    if hasattr(torch.optim, name) and isinstance(getattr(torch.optim, name), type):
        return getattr(torch.optim, name)
    added = {point.name: point for point in entry_points(group=_ENTRY_POINTS)}
    if name in added:
        try:
            return added[name].load()
        except Exception as error:
            place = f"{name} = {added[name].value}"
            raise UsageError(
                f"The entry point {place} in {_ENTRY_POINTS} cannot be loaded: {explain(error)}."
            ) from error
    if "." in name:
        return _by_path(name)
    ours = [
        key
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer
    ]
    raise unknown("optimizer", name, [*ours, *added], "give a name of torch.optim or a class.")


def _by_path(path: str) -> Any:
    module_name, _, class_name = path.rpartition(".")
    module = import_users(module_name)
    if not hasattr(module, class_name):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise unknown(f"class in module {module_name}", class_name, classes, "check its spelling.")
    return getattr(module, class_name)


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
