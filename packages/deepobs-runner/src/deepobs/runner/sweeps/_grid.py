"""Fields of a sweep: a value, a list of values, a range, or DeepOBS's grid."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..common import advice, canonical, is_number

DEEPOBS_GRID: tuple[float, ...] = tuple(canonical(float(lr)) for lr in np.logspace(-5, 2, 36))
"""DeepOBS's learning rates: 36 from 1e-5 to 1e2, five per decade (Schneider et al. 2019)."""

GRID_NAME = "deepobs grid"


MOST_VALUES = 10_000
"""The largest number of values of one field of a sweep."""


def _logspace(start: float, stop: float, num: float) -> list[float]:
    if not (start > 0 and stop > 0):
        raise ValueError("both ends of a logspace must be positive.")
    return [float(value) for value in np.geomspace(start, stop, _count(num))]


def _linspace(start: float, stop: float, num: float) -> list[float]:
    return [float(value) for value in np.linspace(start, stop, _count(num))]


def _range(start: float, stop: float, step: float = 1) -> list[int]:
    if not all(isinstance(value, int) for value in (start, stop, step)):
        raise ValueError("the ends and the step of a range must be whole numbers.")
    if step <= 0 or stop < start:
        raise ValueError("a range must increase; both ends are included.")
    _check_size(int((stop - start) // step) + 1)
    return list(range(int(start), int(stop) + 1, int(step)))


def _count(num: float) -> int:
    if not isinstance(num, int) or num < 1:
        raise ValueError("the number of points must be a positive whole number.")
    _check_size(num)
    return num


def _check_size(size: int) -> None:
    """Checks the number of values before creating them."""
    if size > MOST_VALUES:
        raise ValueError(f"a field must have at most {MOST_VALUES:,} values, not {size:,}.")


_RANGES: Mapping[str, tuple[Callable[..., Sequence[float]], str, tuple[int, ...]]] = {
    "logspace": (_logspace, "[first, last, how many]", (3,)),
    "linspace": (_linspace, "[first, last, how many]", (3,)),
    "range": (_range, "[first, last] or [first, last, step]", (2, 3)),
}


def expand(value: object) -> list[object]:
    """Expands a field into its values.

    Args:
        value: A value; a list of values; `{logspace: [first, last, how many]}`,
            `{linspace: [first, last, how many]}`, `{range: [first, last]}` (whole numbers,
            both ends included); or `"deepobs grid"`.

    Returns:
        The values, in order.

    Raises:
        ValueError: If the list is empty, the range is invalid, or there are more than `MOST_VALUES`
            values.
    """
    if value == GRID_NAME:
        return list(DEEPOBS_GRID)
    if isinstance(value, str) and advice(value, [GRID_NAME], ""):
        raise ValueError(f"did you mean {GRID_NAME!r}?")
    if isinstance(value, Mapping):
        return _expand_range(value)
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("expected at least one value.")
        _check_size(len(value))
        return list(value)
    return [value]


def _expand_range(value: Mapping[object, object]) -> list[object]:
    name, ends = next(iter(value.items())) if len(value) == 1 else (None, None)
    if name not in _RANGES:
        known = ", ".join(f"{{{name}: {form}}}" for name, (_, form, _) in _RANGES.items())
        raise ValueError(f"expected a value, a list of values, {GRID_NAME!r} or one of {known}.")
    make, form, lengths = _RANGES[str(name)]
    if (
        not isinstance(ends, (list, tuple))
        or len(ends) not in lengths
        or not all(is_number(end) for end in ends)
    ):
        raise ValueError(f"{name} expects the numbers {form}.")
    return list(make(*ends))
