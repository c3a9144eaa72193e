"""Search spaces: ranges and choices of the learning rate and other hyperparameters."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from ..common import UsageError, advice, brief, canonical, read_value

Point: TypeAlias = Mapping[str, Any]
"""A point of a search space: `lr` and hyperparameters by name."""

_FORMS = {
    "log": "log:LOW:HIGH",
    "1-log": "1-log:LOW:HIGH",
    "uniform": "uniform:LOW:HIGH",
    "int": "int:LOW:HIGH",
    "choice": "choice:A,B,…",
}
_POINTS_A_DECADE = 5  # DeepOBS's density
_POINTS_OF_A_RANGE = 5


class Dimension(Protocol):
    """The range of one parameter."""

    @property
    def ordered(self) -> bool:
        """Whether neighboring values of the grid should perform similarly."""

    def at(self, unit: float) -> Any:
        """Returns the value at a position in [0, 1)."""

    def grid(self) -> Sequence[Any]:
        """Returns the grid points of this range."""

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""


def _check_ends(dimension: Dimension, valid: bool, expected: str) -> None:
    if not valid:
        raise UsageError(f"the range {dimension} is empty or wrong; expected {expected}.")


@dataclass(frozen=True)
class LogUniform:
    """A positive range on a logarithmic scale; its grid has five points per decade.

    Attributes:
        low: Smallest value.
        high: Largest value.
    """

    low: float
    high: float
    ordered = True

    def __post_init__(self) -> None:
        """Checks that the range is not empty and that both ends are positive."""
        _check_ends(self, 0 < self.low < self.high < math.inf, "0 < LOW < HIGH")

    def at(self, unit: float) -> float:
        """Returns the value at a position in [0, 1)."""
        return float(self.low * (self.high / self.low) ** unit)

    def grid(self) -> tuple[float, ...]:
        """Returns five points per decade, including both ends."""
        decades = math.log10(self.high) - math.log10(self.low)
        count = max(2, round(decades * _POINTS_A_DECADE) + 1)
        values = np.logspace(math.log10(self.low), math.log10(self.high), count)
        return tuple(canonical(float(value)) for value in values)

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""
        return f"log:{self.low:g}:{self.high:g}"


@dataclass(frozen=True)
class OneMinusLogUniform:
    """One minus a positive range on a logarithmic scale, for decay rates such as momentum.

    Attributes:
        low: Smallest value of one minus the parameter.
        high: Largest value of one minus the parameter, below 1.
    """

    low: float
    high: float
    ordered = True

    def __post_init__(self) -> None:
        """Checks that the range is not empty and lies between 0 and 1."""
        _check_ends(self, 0 < self.low < self.high < 1, "0 < LOW < HIGH < 1")

    def at(self, unit: float) -> float:
        """Returns the value at a position in [0, 1); it increases towards 1."""
        return self.value(self.high * (self.low / self.high) ** unit)

    def value(self, complement: float) -> float:
        """Returns the value whose difference from 1 is given."""
        return float(canonical(float(1 - complement)))

    def grid(self) -> tuple[float, ...]:
        """Returns five points, including both ends."""
        values = np.geomspace(self.high, self.low, _POINTS_OF_A_RANGE)
        return tuple(self.value(value) for value in values)

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""
        return f"1-log:{self.low:g}:{self.high:g}"


@dataclass(frozen=True)
class Uniform:
    """A range on a linear scale; its grid has five points.

    Attributes:
        low: Smallest value.
        high: Largest value.
    """

    low: float
    high: float
    ordered = True

    def __post_init__(self) -> None:
        """Checks that the range is not empty."""
        _check_ends(self, -math.inf < self.low < self.high < math.inf, "LOW < HIGH")

    def at(self, unit: float) -> float:
        """Returns the value at a position in [0, 1)."""
        return float(self.low + (self.high - self.low) * unit)

    def grid(self) -> tuple[float, ...]:
        """Returns five points, including both ends."""
        return tuple(float(v) for v in np.linspace(self.low, self.high, _POINTS_OF_A_RANGE))

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""
        return f"uniform:{self.low:g}:{self.high:g}"


@dataclass(frozen=True)
class Integer:
    """A range of integers, including both ends.

    Attributes:
        low: Smallest value.
        high: Largest value.
    """

    low: int
    high: int
    ordered = True

    def __post_init__(self) -> None:
        """Checks that the range is not empty and has integer ends."""
        whole = all(isinstance(end, int) and abs(end) < 2**53 for end in (self.low, self.high))
        _check_ends(self, whole and self.low < self.high, "whole numbers LOW < HIGH below 2**53")

    def at(self, unit: float) -> int:
        """Returns the value at a position in [0, 1)."""
        return self.low + int(unit * (self.high - self.low + 1))

    def grid(self) -> Sequence[int]:
        """Returns every value."""
        return range(self.low, self.high + 1)

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""
        return f"int:{self.low}:{self.high}"


@dataclass(frozen=True)
class Choice:
    """A categorical choice: values without an order.

    Attributes:
        values: The values; at least one.
    """

    values: tuple[Any, ...]
    ordered = False

    def __post_init__(self) -> None:
        """Checks that there is at least one value."""
        if not self.values:
            raise UsageError("a choice needs at least one value; expected choice:A,B,….")

    def at(self, unit: float) -> Any:
        """Returns the value at a position in [0, 1)."""
        return self.values[int(unit * len(self.values))]

    def grid(self) -> tuple[Any, ...]:
        """Returns every value."""
        return self.values

    def __str__(self) -> str:
        """Returns the range as text, as `deepobs tune --space` takes it."""
        return "choice:" + ",".join(str(value) for value in self.values)


DEEPOBS_LEARNING_RATES = LogUniform(1e-5, 1e2)
"""Its grid is that of DeepOBS: 36 learning rates, five per decade."""

Space: TypeAlias = Mapping[str, Dimension]


def parse_space(words: Sequence[str] | Mapping[str, Dimension | str]) -> dict[str, Dimension]:
    """Reads a search space.

    Args:
        words: Texts `NAME=RANGE`, as the command takes them, or a mapping from names to ranges
            (`"log:1e-5:1"`, or a `LogUniform`, `Uniform`, `Integer`, `Choice`).

    Returns:
        The dimensions by name, `lr` first if it is one of them.

    Raises:
        UsageError: If a text is not of that form; the message names it.
    """
    given: dict[str, Dimension | str] = {}
    if isinstance(words, Mapping):
        given.update(words)
    else:
        for word in words:
            name, sign, text = word.partition("=")
            if not sign or not name or name in given:
                fault = "names a parameter twice" if name in given else "is not a range"
                raise UsageError(
                    f"space {brief(word)} {fault}; expected for instance lr=log:1e-5:1e2."
                )
            given[name] = text
    return {
        name: _parse(name, dimension) if isinstance(dimension, str) else dimension
        for name, dimension in sorted(given.items(), key=lambda item: item[0] != "lr")
    }


def _parse(name: str, text: str) -> Dimension:
    kind, _, rest = text.partition(":")
    if kind == "choice":
        return Choice(tuple(read_value(word) for word in rest.split(",") if word))
    ends = [read_value(word) for word in rest.split(":")]
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if kind in _FORMS and len(ends) == 2 and numbers:
        low, high = ends
        if kind == "int":
            return Integer(low, high)
        kinds: dict[str, Callable[[float, float], Dimension]] = {
            "log": LogUniform,
            "1-log": OneMinusLogUniform,
            "uniform": Uniform,
        }
        return kinds[kind](float(low), float(high))
    expected = _FORMS.get(kind) or ", ".join(_FORMS.values())
    hint = "" if kind in _FORMS else advice(kind, _FORMS, "")
    hint = f"; {hint}" if hint else "."
    raise UsageError(f"space {name}: {brief(text)} is not a range; expected {expected}{hint}")
