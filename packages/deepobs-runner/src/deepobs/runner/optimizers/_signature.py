"""Signatures of optimizer constructors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from torch.optim import Optimizer

EMPTY = inspect.Parameter.empty

_MODULES = ("model", "module")
_NAMED = ("named_parameters", "named_params")
_INSIDE = ("optimizer", "base_optimizer", "base", "inner", "wrapped_optimizer")


class Takes(StrEnum):
    """The first argument of a constructor.

    Attributes:
        PARAMETERS: Parameters, or groups of them, as `torch.optim` takes them.
        NAMED: Pairs of name and parameter.
        ROLES: Parameters with names and roles, for functions.
        MODEL: The model.
        OPTIMIZER: Another optimizer.
    """

    PARAMETERS = "parameters"
    NAMED = "named"
    ROLES = "roles"
    MODEL = "model"
    OPTIMIZER = "optimizer"


@dataclass(frozen=True)
class Signature:
    """The signature of a constructor.

    Attributes:
        takes: The kind of the first argument.
        first: The name of the first argument.
        also_parameters: Whether an argument `params` follows a model.
        inside: The name of an argument that takes another optimizer's class, or None.
        inside_needed: Whether that argument is required.
        defaults: Default of each hyperparameter; `EMPTY` if there is none.
        annotations: Annotation of each hyperparameter, as text.
        takes_lr: Whether there is an argument `lr`.
        default_lr: Its default; `EMPTY` if there is none.
        open_ended: Whether other names are accepted (`**kwargs`).
    """

    takes: Takes
    first: str
    also_parameters: bool
    inside: str | None
    inside_needed: bool
    defaults: Mapping[str, Any]
    annotations: Mapping[str, str]
    takes_lr: bool
    default_lr: Any
    open_ended: bool


def signature_of(make: Callable[..., Any]) -> Signature:
    """Returns the signature of a class or a function.

    A class with `**kwargs` or `*args` also accepts the arguments of its bases.

    Args:
        make: A subclass of `torch.optim.Optimizer`, or a function.

    Raises:
        ValueError: If it has no signature, or takes no argument.
    """
    found, open_ended = _parameters(make)
    own = [n for n, p in inspect.signature(make).parameters.items() if p.kind not in _STARS]
    names = own or list(found)
    if not names:
        raise ValueError("it has no arguments")
    first = names[0]
    inside = next((name for name in names if name in _INSIDE), None)
    takes = _takes(make, first)
    given = {first, *({inside} if inside else ())}
    also = takes is Takes.MODEL and "params" in names
    rest = {
        name: parameter
        for name, parameter in found.items()
        if name not in given and name not in ("lr", "params")
    }
    lr = found.get("lr")
    return Signature(
        takes=takes,
        first=first,
        also_parameters=also,
        inside=inside,
        inside_needed=inside is not None and found[inside].default is EMPTY,
        defaults={name: parameter.default for name, parameter in rest.items()},
        annotations={name: str(parameter.annotation) for name, parameter in rest.items()},
        takes_lr=lr is not None,
        default_lr=EMPTY if lr is None else lr.default,
        open_ended=open_ended,
    )


def _takes(make: Callable[..., Any], first: str) -> Takes:
    if first in _MODULES:
        return Takes.MODEL
    if first in _NAMED:
        return Takes.NAMED
    if first in _INSIDE:
        return Takes.OPTIMIZER
    return Takes.PARAMETERS if isinstance(make, type) else Takes.ROLES


def _parameters(make: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """Returns the named arguments in order, and whether there are others."""
    found = dict(inspect.signature(make).parameters)
    open_ended = _is_open(found)
    plain = {name: p for name, p in found.items() if p.kind not in _STARS}
    if open_ended and isinstance(make, type):
        for base in make.__mro__[1:]:
            if base is Optimizer:
                break
            if "__init__" not in vars(base):
                continue
            inherited = dict(inspect.signature(base).parameters)
            for name, parameter in inherited.items():
                if parameter.kind not in _STARS and name != "defaults":
                    plain.setdefault(name, parameter)
            if not _is_open(inherited):
                break
    return plain, open_ended


_STARS = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def _is_open(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
