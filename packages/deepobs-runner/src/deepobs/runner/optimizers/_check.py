"""Checks of an optimizer's hyperparameters."""

from __future__ import annotations

import inspect
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

from ..common import UsageError, brief, number, scalar, unknown
from ._build import Part, make_optimizer
from ._find import FoundOptimizer
from ._parameters import named_parameters
from ._signature import EMPTY
from ._trial import trial_model
from ._values import canonical

_log = logging.getLogger(__name__)

_ELEMENT = re.compile(r"^(.+)\[(\d+)\]$")
_PROBE = "deepobs_no_such_hyperparameter"
_told: set[tuple[str, str]] = set()


def check_lr(found: FoundOptimizer, lr: Any) -> float | None:
    """Returns the resolved learning rate; None for an optimizer without one.

    Args:
        found: The optimizer.
        lr: The given learning rate, or None for the optimizer's default.

    Raises:
        UsageError: If the optimizer has no learning rate, or needs one that is not given.
    """
    if not found.takes_lr:
        if lr is None:
            return None
        raise UsageError(f"{found.name} has no learning rate, so lr={brief(lr)} cannot be set.")
    if lr is None:
        if found.default_lr is None:
            raise UsageError(f"{found.name} needs a learning rate: it has no default for lr.")
        return found.default_lr
    return number("lr", scalar(lr), least=0.0)


def check_hyperparameters(
    found: FoundOptimizer, lr: float | None, hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns all hyperparameters in canonical form.

    Presets of the optimizer are filled in; names are sorted, sequences are tuples, and 1 and 1.0
    are equal. `betas[0]` sets one element of a sequence.

    Args:
        found: The optimizer.
        lr: Its learning rate, checked.
        hyperparameters: The given values by name.

    Raises:
        UsageError: If a name is unknown, or a value has the wrong type.
    """
    if not (
        isinstance(hyperparameters, Mapping) and all(isinstance(k, str) for k in hyperparameters)
    ):
        raise UsageError(
            f"hyperparameters must be a mapping from names to values, not {brief(hyperparameters)}."
        )
    checked: dict[str, Any] = {}
    unlisted = []
    for name, value in _whole(found, {**_presets(found), **hyperparameters}).items():
        default, annotation, listed = _known(found, name)
        checked[name] = canonical(f"{found.name}'s {name}", value, default, annotation)
        if not listed:
            unlisted.append(name)
    checked = dict(sorted(checked.items()))
    for name in unlisted:
        _check_unlisted(found, lr, checked, name)
    return checked


def _presets(found: FoundOptimizer) -> dict[str, Any]:
    inner = {} if found.base is None else _presets(found.base)
    return {**inner, **found.preset}


def _whole(found: FoundOptimizer, given: Mapping[str, Any]) -> dict[str, Any]:
    """Inserts single elements, such as `betas[0]`, into whole sequences."""
    whole = {name: value for name, value in given.items() if not _ELEMENT.match(name)}
    for name, value in given.items():
        match = _ELEMENT.match(name)
        if not match:
            continue
        sequence, index = match[1], int(match[2])
        held = whole.get(sequence, _known(found, sequence)[0])
        if not isinstance(held, (list, tuple)) or index >= len(held):
            raise UsageError(f"{found.name}'s {sequence} has no element {index}.")
        whole[sequence] = tuple(value if i == index else v for i, v in enumerate(held))
    return whole


def _known(found: FoundOptimizer, name: str) -> tuple[Any, str, bool]:
    """Returns a hyperparameter's default and annotation, and whether it is in the signature."""
    if name == "lr":
        raise UsageError(
            "The learning rate must be given as lr, not as one of the hyperparameters."
        )
    signature = found.signature
    if name in signature.defaults:
        return signature.defaults[name], signature.annotations[name], True
    if found.base is not None:
        inner = name.removeprefix("base.")
        if inner in signature.defaults or name == inner:
            return _known_inside(found, inner)
    if signature.open_ended:
        return EMPTY, "", False
    raise _unknown(found, name)


def _known_inside(found: FoundOptimizer, name: str) -> tuple[Any, str, bool]:
    assert found.base is not None
    try:
        return _known(found.base, name)
    except UsageError as error:
        raise _unknown(found, name) from error


def _unknown(found: FoundOptimizer, name: str) -> UsageError:
    names = found.names
    advice = f"it takes {', '.join(names) or 'none besides lr'}."
    return unknown(f"hyperparameter of {found.name}", name, names, advice)


def _check_unlisted(
    found: FoundOptimizer, lr: float | None, checked: Mapping[str, Any], name: str
) -> None:
    """Rejects unknown names despite `**kwargs`; warns once if they cannot be checked."""
    module = trial_model()
    part = Part(named_parameters(module))
    try:
        make_optimizer(found, [part], module, lr, {**checked, _PROBE: checked[name]})
    except UsageError:  # it rejects unknown names, perhaps this one too
        try:
            make_optimizer(found, [part], module, lr, checked)
        except UsageError as error:
            if name in str(error):
                raise _unknown(found, name) from error
        return
    read = _is_read(found.make, name)
    if read is False:
        raise _unknown(found, name)
    if read is None and (found.name, name) not in _told:
        _told.add((found.name, name))
        _log.warning(
            "%s takes any name as a hyperparameter, so whether %s means something to it cannot be "
            "checked.",
            found.name,
            name,
        )


def _is_read(make: Any, name: str) -> bool | None:
    """Returns whether a name is in the source of a class or its bases; None without source."""
    kinds = make.__mro__ if isinstance(make, type) else (make,)
    modules = {kind.__module__ for kind in kinds} - {"builtins", "torch.optim.optimizer"}
    try:
        sources = [inspect.getsource(sys.modules[module]) for module in modules]
    except (OSError, TypeError, KeyError):
        return None
    return any(f"'{name}'" in source or f'"{name}"' in source for source in sources)
