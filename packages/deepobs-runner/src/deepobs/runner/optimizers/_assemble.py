"""Construction of a run's optimizer: one, or several for groups of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from ..common import UsageError, canonical
from ._build import Part, make_optimizer
from ._calls import Calls, calls_of_instance
from ._find import FoundOptimizer, find_optimizer
from ._groups import Group, assign
from ._joined import JoinedOptimizer
from ._parameters import NamedParameter, named_parameters
from ._signature import Takes
from ._trial import trial_model, try_step, without_warnings

#: Packages whose optimizers compile their steps.
_COMPILE = ("heavyball",)
_stepped: set[tuple[str, int, str]] = set()


def build_optimizer(
    found: FoundOptimizer,
    module: nn.Module,
    lr: float | None,
    hyperparameters: Mapping[str, Any],
    groups: Sequence[Group] = (),
    *,
    model: str = "the model",
) -> Optimizer:
    """Returns a new optimizer for a model.

    Groups without an optimizer of their own become parameter groups of the run's optimizer; the
    others get one optimizer each, and all of these are joined.

    Args:
        found: The run's optimizer.
        module: The model.
        lr: The learning rate, checked.
        hyperparameters: The optimizer's hyperparameters, checked.
        groups: Groups of parameters, checked; empty for a single group.
        model: The model's name in messages.

    Raises:
        UsageError: If a constructor raises an error, or the groups do not fit the model.
    """
    named = named_parameters(module)
    if not groups:
        return make_optimizer(found, [Part(named)], module, lr, hyperparameters)
    deepest = max((item.depth for item in named), default=0)
    own: list[Part] = []
    others: list[tuple[FoundOptimizer, list[Part], float | None, Mapping[str, Any]]] = []
    for group, chosen in zip(groups, assign(groups, named, model), strict=True):
        parts = _by_depth(group, chosen, lr, deepest)
        if group.optimizer is not None:
            other = find_optimizer(group.optimizer)
            rate = _rate(other, lr, group)
            others.append((other, parts, rate, group.hyperparameters))
        elif _shares(found):
            own += [Part(p.parameters, {**p.settings, **group.hyperparameters}) for p in parts]
        else:
            merged = {**hyperparameters, **group.hyperparameters}
            others.append((found, parts, _rate(found, lr, group), merged))
    made = []
    if own:
        made.append(make_optimizer(found, _merged(own), module, lr, hyperparameters))
        _check_settings(found, made[0], own)
    made += [_separate(item, module) for item in others]
    return made[0] if len(made) == 1 else JoinedOptimizer(made)


def calls_in_force(found: FoundOptimizer, made: Optimizer, declared: str = "auto") -> Calls:
    """Returns how the optimizer of a run is called.

    Args:
        found: The run's optimizer.
        made: The optimizer.
        declared: The run's setting, which decides unless it is `auto`.
    """
    if declared != "auto":
        return Calls(declared)
    return calls_of_instance(made, found.calls)


def _shares(found: FoundOptimizer) -> bool:
    """Returns whether one instance can train groups with different settings."""
    innermost = found
    while innermost.base is not None:
        innermost = innermost.base
    return innermost.signature.takes in (Takes.PARAMETERS, Takes.NAMED)


def _rate(found: FoundOptimizer, lr: float | None, group: Group) -> float | None:
    if not found.takes_lr:
        return None
    return (found.default_lr if lr is None else canonical(lr * group.lr_factor)) or 0.0


def _by_depth(
    group: Group, chosen: list[NamedParameter], lr: float | None, deepest: int
) -> list[Part]:
    """Returns the group's parameters, split by depth if the learning rate depends on it."""
    if lr is None:
        if group.lr_factor != 1 or group.depth_factor != 1:
            raise UsageError("lr_factor and depth_factor need an optimizer with a learning rate.")
        return [Part(chosen)]
    if group.depth_factor == 1:
        rate = canonical(lr * group.lr_factor)
        return [Part(chosen, {} if group.lr_factor == 1 else {"lr": rate})]
    parts = []
    for depth in sorted({item.depth for item in chosen}):
        items = [item for item in chosen if item.depth == depth]
        rate = lr * group.lr_factor * group.depth_factor ** (deepest - depth)
        parts.append(Part(items, {"lr": canonical(rate)}))
    return parts


def _separate(
    item: tuple[FoundOptimizer, list[Part], float | None, Mapping[str, Any]], module: nn.Module
) -> Optimizer:
    found, parts, rate, hyperparameters = item
    if len(parts) == 1:
        parts = [Part(parts[0].parameters)]
    if _shares(found):
        return make_optimizer(found, parts, module, rate, hyperparameters)
    made = [
        make_optimizer(
            found, [Part(p.parameters)], module, p.settings.get("lr", rate), hyperparameters
        )
        for p in parts
    ]
    return made[0] if len(made) == 1 else JoinedOptimizer(made)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Joins parts without settings, so that a run without different settings has one group."""
    plain = [item for part in parts if not part.settings for item in part.parameters]
    differing = [part for part in parts if part.settings]
    return [*([Part(plain)] if plain else []), *differing]


def _check_settings(found: FoundOptimizer, made: Optimizer, parts: Sequence[Part]) -> None:
    """Raises an error for a setting that the optimizer does not read from its groups."""
    for name in {name for part in parts for name in part.settings}:
        if name not in made.defaults:
            raise UsageError(
                f"{found.name} has one {name} for all parameters; give the group an optimizer of "
                f"its own with optimizer={found.path}."
            )


def check_step(
    found: FoundOptimizer,
    lr: float | None,
    hyperparameters: Mapping[str, Any],
    declared: str = "auto",
    *,
    small: Callable[[], nn.Module] = trial_model,
    groups: Sequence[Group] = (),
    model: str = "the model",
) -> None:
    """Takes a step with an optimizer of a small model, once per setting except the learning rate.

    An optimizer that compiles its step is only created: compiling takes longer than a small run.

    Args:
        found: The optimizer.
        lr: Its learning rate, checked.
        hyperparameters: Its hyperparameters, checked.
        declared: The run's setting of how it is called.
        small: Creates the small model; by default one with parameters of all shapes.
        groups: Groups of parameters, checked.
        model: The model's name in messages.

    Raises:
        UsageError: If the constructor or the step raises an error, or the groups do not fit.
    """

    def make(module: nn.Module) -> Optimizer:
        return build_optimizer(found, module, lr, hyperparameters, groups, model=model)

    with without_warnings():
        module = small()
        made = make(module)
        kinds = sorted({tuple(p.shape) for p in module.parameters()})
        setting = f"{declared} {sorted(hyperparameters.items())} {list(map(str, groups))} {kinds}"
        key = (found.path, id(found.make), setting)
        compiles = getattr(found.make, "__module__", "").partition(".")[0] in _COMPILE
        if compiles or key in _stepped:
            return
        calls = calls_in_force(found, made, declared)
        try_step(found.name, make, small(), calls, of=model)
        _stepped.add(key)
