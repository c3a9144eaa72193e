"""Values of hyperparameters in canonical form, checked against their defaults."""

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
    """Returns a value as plain Python that JSON can hold, of the kind of its default.

    Words for booleans and for None are understood where the default is one of these. Whole numbers
    become floats where the default is a float.

    Args:
        what: What the value is, for messages.
        value: The value as it was given.
        default: The default; `EMPTY` where there is none.
        annotation: The annotation of the argument, as text.

    Raises:
        UsageError: If the value is of another kind than the default.
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
            raise UsageError(f"{what} is a number, like its default {default}, not {brief(value)}.")
        return value
    if isinstance(value, numbers.Real):
        return _number(what, value, default)
    raise UsageError(
        f"{what} is a number, a string, a boolean or a list of them, not {brief(value)}."
    )


def _plain(value: Any) -> Any:
    """Returns an array, a tensor or one of their numbers as Python's own."""
    return value.tolist() if callable(getattr(value, "tolist", None)) else value


def _word(value: str, default: Any, annotation: str) -> Any:
    """Returns what a word stands for; a text stays one where the default is a text."""
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
    raise UsageError(f"{what} is true or false, like its default {default}, not {brief(value)}.")


def _number(what: str, value: Any, default: Any) -> int | float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"{what} is a finite number, not {str(value)[:20]}.")
    if isinstance(value, numbers.Integral):
        return number if isinstance(default, float) else int(value)
    whole = isinstance(default, int) and number.is_integer()
    return int(number) if whole else number
