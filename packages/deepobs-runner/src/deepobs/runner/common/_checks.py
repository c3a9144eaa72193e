"""Checks of numbers, and their canonical form."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, ValuesView
from typing import Any

from ._errors import UsageError, brief

# Two computations of one number (0.3 and 0.1 + 0.2; a grid's point by two formulas) may differ in
# the last of seventeen digits. Twelve digits are far more than are needed to distinguish settings,
# and few enough that such a pair is almost never rounded to different sides.
_DIGITS = 12
_DEEPEST = 20  # levels; a setting needs three
_CONTAINERS = (list, tuple, ValuesView)


def is_number(value: Any) -> bool:
    """Returns whether a value is a real number that a float can hold; booleans are not."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def scalar(value: Any) -> Any:
    """Returns the element of a tensor or an array with a single one; other values unchanged."""
    if not callable(getattr(value, "item", None)):
        return value
    try:
        return value.item()
    except (RuntimeError, ValueError, TypeError):  # it has none, or several
        return value


def check_nesting(name: str, value: Any) -> None:
    """Checks that mappings and lists are not nested so deeply that recursion fails.

    Args:
        name: The value's name in messages.
        value: Any value; it may contain itself.

    Raises:
        UsageError: If it is nested too deeply.
    """
    level = [value]
    for _ in range(_DEEPEST):
        held = (v.values() if isinstance(v, Mapping) else v for v in level)
        inner = [item for items in held if isinstance(items, _CONTAINERS) for item in items]
        level = list({id(item): item for item in inner}.values())
        if not level:
            return
    raise UsageError(f"{name} must not be nested more than {_DEEPEST} levels deep.")


def number(name: str, value: Any, *, least: float) -> float:
    """Returns the value as a float.

    Raises:
        UsageError: It is not a finite number of at least `least`.
    """
    if not is_number(value) or value < least:
        raise UsageError(
            f"{name} must be a finite number of at least {least:g}, not {brief(value)}."
        )
    return float(value)


def whole(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    """Returns the value as an int.

    Raises:
        UsageError: It is not a whole number from `least` to `most`.
    """
    right = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not right or value < least:
        raise UsageError(f"{name} must be a whole number of at least {least}, not {brief(value)}.")
    if most is not None and value > most:
        raise UsageError(f"{name} must be a whole number of at most {most}, not {brief(value)}.")
    return int(value)


def canonical(value: Any) -> Any:
    """Returns a value in canonical form: floats are rounded to twelve digits.

    Args:
        value: A plain value, or mappings and sequences of them.
    """
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS - 1}e}")
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(canonical, value))
    return value
