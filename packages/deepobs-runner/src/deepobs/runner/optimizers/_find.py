"""Finds an optimizer by name, path or entry point."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import torch
from torch.optim import Optimizer

from ..common import UsageError, explain, import_users, unknown

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
