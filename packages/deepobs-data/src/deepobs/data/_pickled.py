"""The objects that a pickled array is made of, as `read_pickle` builds them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class PickleError(ValueError):
    """A pickle is broken or needs more than arrays and plain values."""


class Name(NamedTuple):
    """A function or class that the file names, and that is never looked up."""

    module: str
    name: str


class PickledDtype:
    """The type of an array's numbers, such as `"<f4"`."""

    def __init__(self, code: str) -> None:
        self.code = code.lstrip("<>|=")
        self.order = "<"

    def set_state(self, state: Any) -> None:
        """Sets the byte order; the rest of the state is for types that are refused."""
        if not (isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "=")):
            raise PickleError("it has an array of an unknown type")
        self.order = state[1]

    def resolve(self) -> np.dtype[Any]:
        """Returns NumPy's type.

        Raises:
            PickleError: If the numbers are not booleans, integers or floats.
        """
        if self.code not in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"):
            raise PickleError(f"it has an array of type {self.code[:20]!r} instead of numbers")
        return np.dtype(self.order.replace("|", "=") + self.code)


class PickledArray:
    """A NumPy array; `value` is set when the file gives its content."""

    value: npt.NDArray[Any] | None = None

    def set_state(self, state: Any) -> None:
        """Takes the state of an array: version, shape, type, order of the axes, bytes."""
        if not (isinstance(state, tuple) and len(state) == 5):
            raise PickleError("it has an array without content")
        _, shape, dtype, column_major, content = state
        if isinstance(content, str):  # a byte string of Python 2
            content = latin1(content)
        fits = (
            isinstance(dtype, PickledDtype)
            and isinstance(content, bytes)
            and isinstance(shape, tuple)
            and len(shape) <= 8
            and all(type(side) is int and side >= 0 for side in shape)
        )
        if not fits:
            raise PickleError("it has an array without content")
        kind = dtype.resolve()
        if math.prod(shape) * kind.itemsize != len(content):
            raise PickleError("it has an array whose shape and content differ")
        order: Any = "F" if column_major else "C"
        self.value = np.frombuffer(bytearray(content), kind).reshape(shape, order=order)


class PickledObject:
    """An object of another class: its class and its attributes."""

    def __init__(self, kind: Name) -> None:
        self.kind = kind
        self.attributes: dict[str, Any] = {}

    def set_state(self, state: Any) -> None:
        """Takes the attributes."""
        if not isinstance(state, dict):
            raise PickleError(f"it has an odd {self.kind.name}")
        self.attributes = state


def latin1(text: str, encoding: str = "latin1") -> bytes:
    """Returns the bytes of a text, as Python 3 writes them in protocols that have none."""
    if encoding not in ("latin1", "latin-1"):
        raise PickleError(f"it asks for the encoding {str(encoding)[:20]!r}")
    return text.encode("latin1")
