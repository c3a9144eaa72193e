"""Construction of an optimizer from its class or recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.optim import Optimizer

from deepobs.models import Role

from ..common import InfeasibleError, UsageError, explain
from ._find import FoundOptimizer
from ._parameters import NamedParameter
from ._signature import EMPTY, Takes
from ._wrappers import WRAPPERS

#: Modules whose classes take groups with a flag `use_muon`.
_MARKED_FOR_MUON = "pytorch_optimizer.optimizer.muon."
_MATRICES = (Role.HIDDEN, Role.CONVOLUTION)


@dataclass(frozen=True)
class Part:
    """Parameters with settings of their own.

    Attributes:
        parameters: The parameters.
        settings: Entries of their parameter group, such as `lr`.
    """

    parameters: Sequence[NamedParameter]
    settings: Mapping[str, Any] = field(default_factory=dict)


def make_optimizer(
    found: FoundOptimizer,
    parts: Sequence[Part],
    module: nn.Module | None,
    lr: float | None,
    hyperparameters: Mapping[str, Any],
) -> Optimizer:
    """Returns a new optimizer; errors of its constructor become a `UsageError`.

    Args:
        found: The optimizer.
        parts: Its parameters, in groups.
        module: The model of the parameters.
        lr: The learning rate; None for an optimizer without one.
        hyperparameters: Its hyperparameters, checked, including those of a wrapped one.

    Raises:
        InfeasibleError: If the constructor raises an error.
        UsageError: If it does not return an optimizer.
    """
    own, inner = split(found, hyperparameters)
    try:
        if found.base is not None and found.make in WRAPPERS.values():
            made = found.make(make_optimizer(found.base, parts, module, lr, inner), **own)
        else:
            made = _construct(found, parts, module, lr, own, inner)
    except UsageError:
        raise
    except Exception as error:  # a user's constructor may raise anything
        hint = ""
        if isinstance(error, (TypeError, KeyError)):  # it may want others than every run gives
            hint = "; a recipe (a function that makes the optimizer) can pass other arguments"
        raise InfeasibleError(
            f"{found.name} refuses its arguments: {explain(error)}{hint}."
        ) from error
    if not isinstance(made, Optimizer) or not hasattr(made, "param_groups"):
        raise UsageError(
            f"{found.name} must return a torch.optim.Optimizer with param_groups, not a "
            f"{type(made).__name__}."
        )
    return made


def split(
    found: FoundOptimizer, hyperparameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Splits hyperparameters into those of a wrapper and of the wrapped optimizer.

    Args:
        found: The wrapper, or an optimizer that wraps none.
        hyperparameters: By name; `base.NAME` is the wrapped optimizer's if both have that name.
    """
    if found.base is None:
        return dict(hyperparameters), {}
    own = {k: v for k, v in hyperparameters.items() if k in found.signature.defaults}
    inner = {
        name.removeprefix("base."): value
        for name, value in hyperparameters.items()
        if name not in own
    }
    return own, inner


def _construct(
    found: FoundOptimizer,
    parts: Sequence[Part],
    module: nn.Module | None,
    lr: float | None,
    own: dict[str, Any],
    inner: dict[str, Any],
) -> Any:
    signature = found.signature
    _check_required(found, own)
    settings = dict(own) if lr is None or not found.takes_lr else {"lr": lr, **own}
    if signature.takes is Takes.OPTIMIZER:
        assert found.base is not None
        base = make_optimizer(found.base, parts, module, lr, inner)
        return found.make(**{signature.first: base}, **own)
    if signature.inside is not None and found.base is not None:
        settings |= {signature.inside: found.base.make, **found.base.preset, **inner}
    if signature.takes in (Takes.PARAMETERS, Takes.NAMED) or signature.also_parameters:
        given = _given(found, parts)
    else:
        _refuse_settings(found, parts)
        given = [item for part in parts for item in part.parameters]
    if signature.takes is not Takes.MODEL:
        return found.make(given, **settings)
    if signature.also_parameters:
        settings["params"] = given
    return found.make(**{signature.first: module}, **settings)


def _check_required(found: FoundOptimizer, own: Mapping[str, Any]) -> None:
    """Checks that all arguments without a default are given."""
    missing = [
        name
        for name, default in found.signature.defaults.items()
        if default is EMPTY and name not in own
    ]
    if missing:
        raise UsageError(
            f"{found.name} needs a value for {' and '.join(missing)}: set it like a "
            f"hyperparameter, as in --set {missing[0]}=VALUE; a recipe (a function that makes the "
            "optimizer) can pass an object."
        )


def _given(found: FoundOptimizer, parts: Sequence[Part]) -> list[Any]:
    """Returns parameters as the constructor takes them: plain, named or in groups."""
    named = found.signature.takes is Takes.NAMED
    marked = getattr(found.make, "__module__", "").startswith(_MARKED_FOR_MUON)
    groups = _marked(parts) if marked else parts

    def plain(part: Part) -> list[Any]:
        if named:
            return [(item.name, item.parameter) for item in part.parameters]
        return [item.parameter for item in part.parameters]

    if len(groups) == 1 and not groups[0].settings:
        return plain(groups[0])
    return [{"params": plain(part), **part.settings} for part in groups]


def _marked(parts: Sequence[Part]) -> list[Part]:
    groups = []
    for part in parts:
        for use in (True, False):
            chosen = [item for item in part.parameters if (item.role in _MATRICES) is use]
            if chosen:
                groups.append(Part(chosen, {**part.settings, "use_muon": use}))
    return groups


def _refuse_settings(found: FoundOptimizer, parts: Sequence[Part]) -> None:
    if any(part.settings for part in parts):
        raise UsageError(
            f"{found.name} takes {found.signature.first}, not groups of parameters, so groups "
            "cannot have settings of their own."
        )
