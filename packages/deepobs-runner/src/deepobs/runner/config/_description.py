"""Descriptions of user-defined problems as JSON values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from types import ModuleType, NoneType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepobs.problems import PROBLEMS, Problem

from ..common import UsageError

# The fields that a Problem had when descriptions began. Later ones are described only where they
# are not the default, so that the problems of before keep their identity.
_FIRST_FIELDS = (
    *("name", "description", "dataset", "model", "loss", "batch_size", "epochs", "reference"),
    *("target", "correct", "weight_decay", "regularized", "carries_state", "stochastic"),
    *("convergence_target", "notes", "extra"),
)


def problem_identity(problem: Problem) -> Any:
    """Returns the identity of a problem: its name, or a description of a user-defined one.

    Raises:
        UsageError: The problem is user-defined and contains a lambda or a local function.
    """
    return problem.name if PROBLEMS.get(problem.name) == problem else description(problem)


def description(value: Any) -> Any:
    """Returns a description of a value that is the same in every process.

    Raises:
        UsageError: The value holds a lambda, a local function or an object without a description.
    """
    if isinstance(value, Problem):
        return {
            item.name: description(getattr(value, item.name))
            for item in fields(value)
            if item.name in _FIRST_FIELDS or getattr(value, item.name) != item.default
        }
    if isinstance(value, partial):
        arguments = [*value.args, *(pair for pair in sorted(value.keywords.items()))]
        return [description(value.func), *map(description, arguments)]
    if isinstance(value, (list, tuple)):
        return [description(item) for item in value]
    if isinstance(value, Mapping):
        return [description(pair) for pair in sorted(value.items())]
    if isinstance(value, np.ndarray):
        value = torch.tensor(value)
    if isinstance(value, Tensor):  # repr leaves out the middle of large ones
        array = value.detach().cpu().contiguous()
        content = hashlib.sha256(array.flatten().view(torch.uint8).numpy().tobytes())
        return [str(array.dtype), list(array.shape), content.hexdigest()]
    if callable(value):
        return _description_of_callable(value)
    if repr(value) == object.__repr__(value):  # an address in memory
        raise _without_description(value)
    return repr(value)


def _description_of_callable(value: Any) -> Any:
    """Returns the path of a function or class; for a callable object, what it holds too."""
    if not hasattr(value, "__qualname__"):
        kind, held = type(value), getattr(value, "__dict__", {})
        path = f"{kind.__module__}.{kind.__qualname__}"
        return [path, description(held)] if held else path
    of_an_object = not isinstance(getattr(value, "__self__", None), (type, ModuleType, NoneType))
    if "<" in value.__qualname__ or of_an_object:  # <lambda>, <locals>, a bound method
        raise _without_description(value)
    return f"{value.__module__}.{value.__qualname__}"


def _without_description(value: Any) -> UsageError:
    name = getattr(value, "__qualname__", type(value).__qualname__)
    return UsageError(
        f"The problem holds {name}, whose content is unknown, so that its runs could be mistaken "
        "for others in a results folder; use a function of a module, or functools.partial of one."
    )
