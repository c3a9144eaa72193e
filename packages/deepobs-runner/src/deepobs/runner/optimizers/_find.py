"""Lookup of optimizers by name, path, entry point, or as a wrapper of another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.metadata import entry_points
from typing import Any, TypeAlias

import torch
from torch.optim import Optimizer

from ..common import UsageError, brief, explain, import_users, unknown
from ._calls import Calls, calls_of
from ._reference import ReferenceOptimizer
from ._signature import EMPTY, Signature, Takes, signature_of
from ._table import OPTIMIZERS
from ._wrappers import WRAPPERS

#: Types of an optimizer argument: a name, a class, a recipe, or `functools.partial` of these.
OptimizerLike: TypeAlias = str | type[Optimizer] | Callable[..., Optimizer]

_ENTRY_POINTS = "deepobs.optimizers"
_AROUND = re.compile(r"([\w.]+)\s*\((.*)\)", re.DOTALL)
_MOST_WRAPPERS = 10
_OLD_NAMES = {
    "GradientDescentOptimizer": "SGD",
    "MomentumOptimizer": "Momentum",
    "AdamOptimizer": "Adam",
    "RMSPropOptimizer": "RMSprop",
    "AdagradOptimizer": "Adagrad",
}


@dataclass(frozen=True)
class FoundOptimizer:
    """An optimizer: its class or recipe and its names.

    Attributes:
        name: Its name in folders and reports.
        path: Its name for `find_optimizer`.
        make: A class, a recipe, or `functools.partial` of one.
        base: The wrapped optimizer, for a wrapper.
        preset: Default hyperparameters.
        preset_lr: Default learning rate; None for that of the constructor.
        reference: Its entry in the table of reference optimizers, if it is one.
    """

    name: str
    path: str
    make: Callable[..., Any]
    base: FoundOptimizer | None = None
    preset: Mapping[str, Any] = field(default_factory=dict)
    preset_lr: float | None = None
    reference: ReferenceOptimizer | None = None

    @cached_property
    def signature(self) -> Signature:
        """The signature of the constructor."""
        try:
            return signature_of(self.make)
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"The arguments of {self.name} cannot be determined: {error}."
            ) from error

    @cached_property
    def calls(self) -> Calls:
        """How it has to be called, as far as this is known before it is created."""
        passed_on = self.base is not None and self.make in WRAPPERS.values()
        if self.base is not None and passed_on and not hasattr(self.make, "calls"):
            return self.base.calls
        return calls_of(self.make)

    @property
    def takes_lr(self) -> bool:
        """Whether it or the wrapped optimizer has a learning rate."""
        return self.signature.takes_lr or (self.base is not None and self.base.takes_lr)

    @property
    def names(self) -> list[str]:
        """The names of its hyperparameters and those of the wrapped optimizer."""
        own = list(self.signature.defaults)
        if self.base is None:
            return own
        return own + [f"base.{name}" if name in own else name for name in self.base.names]

    def default_of(self, name: str) -> Any:
        """Returns the default of one of its hyperparameters or those of the wrapped optimizer.

        Args:
            name: The hyperparameter; `base.NAME` is the wrapped optimizer's if both have that name.

        Returns:
            The default, or `EMPTY` if there is no default or no such hyperparameter.
        """
        if name in self.signature.defaults or self.base is None:
            return self.preset.get(name, self.signature.defaults.get(name, EMPTY))
        return self.base.default_of(name.removeprefix("base."))

    @property
    def default_lr(self) -> float | None:
        """The default learning rate; None if there is none."""
        if self.preset_lr is not None:
            return self.preset_lr
        default = self.signature.default_lr
        if isinstance(default, (int, float)) and not isinstance(default, bool):
            return float(default)
        return None if self.base is None else self.base.default_lr


def find_optimizer(optimizer: OptimizerLike) -> FoundOptimizer:
    """Returns the optimizer with a name, or that a class or recipe defines.

    Args:
        optimizer: The name of a reference optimizer, of a class of `torch.optim`, or of the entry
            point group `deepobs.optimizers`; `"package.module.Class"`; `"SAM(NAME)"` for a wrapper
            around any of these; a class; a recipe; or `functools.partial` of one.

    Raises:
        UsageError: If the optimizer cannot be found.

    Example:
        >>> find_optimizer("SAM(SGD)").base.name
        'SGD'
    """
    if isinstance(optimizer, str):
        if optimizer.count("(") > _MOST_WRAPPERS:
            raise UsageError(f"optimizer must not have more than {_MOST_WRAPPERS} wrappers.")
        return _by_name(optimizer)
    if isinstance(optimizer, partial):
        return _preset(optimizer)
    if optimizer is torch.optim.Muon:  # torch's class does not accept biases, so use the recipe
        return _by_name("Muon")
    if not callable(optimizer) or (isinstance(optimizer, type) and not _is_optimizer(optimizer)):
        shown = _path(optimizer) if isinstance(optimizer, type) else brief(optimizer)
        raise UsageError(
            "optimizer must be a name, subclass of torch.optim.Optimizer, or a function that makes "
            f"one, not {shown}."
        )
    return _needing_no_base(FoundOptimizer(_short_name(optimizer), _path(optimizer), optimizer))


def optimizer_path(optimizer: OptimizerLike) -> str:
    """Returns the name of an optimizer for `find_optimizer`."""
    return find_optimizer(optimizer).path


def _by_name(name: str) -> FoundOptimizer:
    name = name.strip()
    around = _AROUND.fullmatch(name)
    if around:
        return _wrapped(around[1], _by_name(around[2]))
    if name in OPTIMIZERS:
        return _by_reference(OPTIMIZERS[name])
    if name in WRAPPERS:
        raise UsageError(f"{name} wraps another optimizer, which must be named, as in {name}(SGD).")
    ours = _classes_of_torch()
    if name in ours:
        return FoundOptimizer(name, name, ours[name])
    added = {point.name: point for point in entry_points(group=_ENTRY_POINTS)}
    if name in added:
        return _entry_point(name, added[name])
    if "." in name:
        return find_optimizer(_by_path(name))
    hint = _OLD_NAMES.get(name)
    if hint:
        raise UsageError(f"There is no optimizer named {brief(name)}; it is {hint!r} here.")
    choices = [*OPTIMIZERS, *ours, *WRAPPERS, *added]
    raise unknown(
        "optimizer", name, choices, "`deepobs optimizers` lists them; a class is given by its path."
    )


def _by_reference(entry: ReferenceOptimizer) -> FoundOptimizer:
    around = _AROUND.fullmatch(entry.optimizer)
    if around:
        base = _by_name(around[2])
        make: Callable[..., Any] = WRAPPERS[around[1]]
        return _entry(entry, make, base)
    try:
        make = _by_path(entry.optimizer)
    except UsageError as error:
        if entry.package == "torch":
            raise
        raise UsageError(
            f"{entry.name} comes from the package {entry.package}, which cannot be imported; "
            "install it with pip install 'deepobs-runner[optimizers]'."
        ) from error
    return _entry(entry, make, None)


def _entry(
    entry: ReferenceOptimizer, make: Callable[..., Any], base: FoundOptimizer | None
) -> FoundOptimizer:
    return FoundOptimizer(
        entry.name, entry.name, make, base, entry.hyperparameters, entry.lr, entry
    )


def _preset(given: partial[Any]) -> FoundOptimizer:
    """Returns the optimizer of a `functools.partial`, whose arguments become hyperparameters."""
    if given.args:
        raise UsageError(
            f"functools.partial of {_short_name(given.func)} has positional arguments; give "
            "them by name."
        )
    preset = dict(given.keywords)
    inside = signature_of(given.func).inside
    if inside in preset:
        base = find_optimizer(preset.pop(inside))
        found = _around(given.func, base)
    else:
        found = find_optimizer(given.func)
    lr = preset.pop("lr", found.preset_lr)
    return replace(found, preset={**found.preset, **preset}, preset_lr=lr)


def _wrapped(outer: str, base: FoundOptimizer) -> FoundOptimizer:
    """Returns a wrapper, or a class that takes another optimizer, around a base."""
    if outer in WRAPPERS:
        return _around(WRAPPERS[outer], base)
    if "." not in outer:
        raise unknown(
            "wrapper of optimizers", outer, list(WRAPPERS), f"there are {', '.join(WRAPPERS)}."
        )
    return _around(_by_path(outer), base)


def _around(make: Any, base: FoundOptimizer) -> FoundOptimizer:
    name = _short_name(make)
    path = name if WRAPPERS.get(name) is make else _path(make)
    found = FoundOptimizer(f"{name}({base.name})", f"{path}({base.path})", make, base)
    if not _is_optimizer(make) or found.signature.inside is None:
        raise UsageError(f"{name} takes no other optimizer, so it cannot wrap {base.name}.")
    return found


def _needing_no_base(found: FoundOptimizer) -> FoundOptimizer:
    signature = found.signature
    if signature.takes is Takes.OPTIMIZER or signature.inside_needed:
        raise UsageError(
            f"{found.name} wraps another optimizer, which must be named, as in {found.path}(SGD)."
        )
    return found


def _entry_point(name: str, point: Any) -> FoundOptimizer:
    try:
        made = point.load()
    except Exception as error:
        place = f"{name} = {point.value}"
        raise UsageError(
            f"The entry point {place} in {_ENTRY_POINTS} cannot be loaded: {explain(error)}."
        ) from error
    found = find_optimizer(made)
    return replace(found, name=name, path=name)


def _by_path(path: str) -> Any:
    module_name, _, name = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")):
        raise UsageError(f"optimizer must be a name or package.module.Class, not {brief(path)}.")
    module = import_users(module_name)
    if not hasattr(module, name):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise unknown(f"class in module {module_name}", name, classes, "check its spelling.")
    return getattr(module, name)


def _classes_of_torch() -> dict[str, type[Optimizer]]:
    return {key: value for key, value in vars(torch.optim).items() if _is_optimizer(value)}


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer


def _short_name(optimizer: Any) -> str:
    return str(getattr(optimizer, "__name__", type(optimizer).__name__))


def _path(optimizer: Any) -> str:
    """Returns the import path of an optimizer; only the name for classes of torch."""
    name = _short_name(optimizer)
    if getattr(torch.optim, name, None) is optimizer:
        return name
    return f"{optimizer.__module__}.{getattr(optimizer, '__qualname__', name)}"
