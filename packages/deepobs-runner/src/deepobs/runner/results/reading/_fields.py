"""Reading and checking single fields of a result file."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...common import canonical

# Beyond any float32 loss; squares and sums of larger numbers would overflow in the statistics.
_LARGEST = 1e150


class UnreadableRecordError(ValueError):
    """Error for a damaged result file."""


def numbers(data: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Returns a series as float64; null and NaN become NaN, too large values become infinity."""
    values = data.get(name)
    if values is None:
        return np.empty(0)
    if not isinstance(values, list):
        raise UnreadableRecordError(f"{name} is {shown(values)}, expected a list of numbers")
    found = np.array(
        [
            value if type(value) is float else number(value, f"{name}[{position}]")
            for position, value in enumerate(values)
        ],
        dtype=np.float64,
    )
    too_large = np.abs(found) > _LARGEST
    return np.where(too_large, np.copysign(np.inf, found), found)


def number(value: Any, name: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise UnreadableRecordError(f"{name} is {shown(value)}, expected a number")
    try:
        return float(value)  # DeepOBS's tools also wrote "NaN" and "Infinity" as strings
    except OverflowError:
        return math.inf if isinstance(value, int) and value > 0 else -math.inf
    except ValueError as error:
        raise UnreadableRecordError(f"{name} is {shown(value)}, expected a number") from error


def finite(value: Any, name: str) -> float:
    """Returns a setting or a cost as a number; extremely large ones count as missing."""
    found = number(value, name)
    return found if abs(found) <= _LARGEST else math.nan


def integer(data: dict[str, Any], name: str, *, missing: int | None = None) -> int:
    value = data.get(name)
    if value is None and missing is not None:
        return missing
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise UnreadableRecordError(f"{name} is {shown(value)}, expected a whole number from 0")
    return value


def text_field(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableRecordError(f"{name} is {shown(value)}, expected a name")
    return storable(value)


def storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # lone surrogates are not valid UTF-8


def canonical_json(value: Any) -> str:
    # Lone surrogates, which JSON can hold, are not valid UTF-8: no table or page takes them.
    content = storable(json.dumps(canonical(value), ensure_ascii=False))
    return json.dumps(json.loads(content), sort_keys=True)


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
