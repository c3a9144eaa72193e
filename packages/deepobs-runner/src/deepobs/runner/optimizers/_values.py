"""Checks and canonical form of hyperparameter values."""

from __future__ import annotations

import math
import numbers
from typing import Any

from ..common import UsageError, brief
from ._signature import EMPTY

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}
_NOTHING = ("none", "null")


def canonical(what: str, value: Any, default: Any, annotation: str = "") -> Any:
    """Returns a value as a plain Python object for JSON, of the same type as its default.

    If the default is a boolean or None, words for these are converted. Integers become floats if
    the default is a float.

    Args:
        what: Description of the value for messages.
        value: The given value.
        default: The default; `EMPTY` if there is none.
        annotation: The annotation of the argument, as text.

    Raises:
        UsageError: If the value has another type than the default.
    """
    value = _plain(value)
    if isinstance(value, (list, tuple)):
        items = default if isinstance(default, (list, tuple)) else ()
        defaults = [*items, *[EMPTY] * (len(value) - len(items))]
        return tuple(canonical(what, v, d) for v, d in zip(value, defaults, strict=False))
    if isinstance(value, str):
        value = _word(value, default, annotation)
    if isinstance(default, bool):
        return _boolean(what, value, default)
    number = isinstance(default, numbers.Real)
    if value is None or isinstance(value, (bool, str)):
        if number and value is not None:
            raise UsageError(
                f"{what} must be a number, like its default {default}, not {brief(value)}."
            )
        return value
    if isinstance(value, numbers.Real):
        return _number(what, value, default)
    raise UsageError(
        f"{what} must be a number, a string, a boolean or a list of these, not {brief(value)}."
    )


def _plain(value: Any) -> Any:
    """Returns an array, a tensor or one of their scalars as a plain Python value."""
    return value.tolist() if callable(getattr(value, "tolist", None)) else value


def _word(value: str, default: Any, annotation: str) -> Any:
    """Returns the value of a word; a string stays a string if the default is one."""
    if isinstance(default, str):
        return value
    word = value.strip().casefold()
    if word in _NOTHING and (default is None or "None" in annotation or "Optional" in annotation):
        return None
    takes_text = "str" in annotation or "Literal" in annotation
    if word in _WORDS and not takes_text and (default is None or default is EMPTY):
        return _WORDS[word]
    return value


def _boolean(what: str, value: Any, default: bool) -> bool | None:
    if isinstance(value, str):
        value = _WORDS.get(value.strip().casefold(), value)
    if value is None:
        return None
    if isinstance(value, (bool, numbers.Integral)) and value in (0, 1):
        return bool(value)
    raise UsageError(
        f"{what} must be true or false, like its default {default}, not {brief(value)}."
    )


def _number(what: str, value: Any, default: Any) -> int | float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"{what} must be a finite number, not {brief(value)}.")
    if isinstance(value, numbers.Integral):
        return number if isinstance(default, float) else int(value)
    whole = isinstance(default, int) and number.is_integer()
    return int(number) if whole else number
