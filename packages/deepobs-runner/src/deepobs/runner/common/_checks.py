"""Whether an argument is the number it has to be."""

from __future__ import annotations

import math
import numbers
from typing import Any

from ._errors import UsageError


def is_number(value: Any) -> bool:
    """Returns whether a value is a real number that a float can hold; booleans are not."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def number(name: str, value: Any, *, least: float) -> float:
    """The value as a float.

    Raises:
        UsageError: It is no finite number of at least `least`.
    """
    if not is_number(value) or value < least:
        raise UsageError(f"{name} is a finite number of at least {least:g}, not {value!r}.")
    return float(value)


def whole(name: str, value: Any, *, least: int) -> int:
    """The value as an int.

    Raises:
        UsageError: It is no whole number of at least `least`.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise UsageError(f"{name} is a whole number of at least {least}, not {value!r}.")
    return int(value)
