"""Reading pickled arrays without executing anything.

CIFAR and Cora are published as pickles. Python's unpickler calls what a file names, and even with
a list of allowed names a hostile file can crash it: NumPy's `__setstate__` trusts its argument. The
interpreter here knows only the opcodes that build numbers, text, containers and arrays. What it
returns is bounded by the size of the file.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ._pickled import Name, PickledArray, PickledDtype, PickledObject, PickleError, latin1


def read_pickle(content: bytes) -> Any:
    """Returns the numbers, text, containers, `PickledArray`s and `PickledObject`s of a pickle.

    Byte strings of Python 2 become text in Latin-1.

    Args:
        content: The file.

    Raises:
        PickleError: If the file is broken, or needs a function or class other than those that
            rebuild arrays and sparse matrices.
    """
    machine = _Machine()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escapes in text of protocol 0
            for opcode, argument, _ in pickletools.genops(content):
                machine.execute(opcode.name, argument)
        (result,) = machine.stack
    except PickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise PickleError(f"it is a broken pickle ({str(error)[:100]})") from error
    return result


def as_array(value: Any) -> npt.NDArray[Any]:
    """Returns the content of a `PickledArray`, or a list of integers as an array.

    Raises:
        PickleError: If it is neither.
    """
    if isinstance(value, PickledArray) and value.value is not None:
        return value.value
    if isinstance(value, list) and all(type(number) is int for number in value):
        try:
            return np.array(value, dtype=np.int64)
        except OverflowError as error:
            raise PickleError("it has numbers that are too large") from error
    raise PickleError("it has something else in the place of an array")


class _Machine:
    """The state of a pickle that is being read."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks below each mark
        self.memo: dict[int, Any] = {}

    def execute(self, name: str, argument: Any) -> None:
        """Executes one opcode.

        Raises:
            PickleError: If it does not build a plain value.
        """
        if name in _CONSTANTS:
            self.stack.append(argument)
        elif name in _HANDLERS:
            _HANDLERS[name](self, argument)
        else:
            raise PickleError(f"it uses {name}, which no such file needs")

    def push(self, value: Any) -> None:
        """Puts a value on the stack."""
        self.stack.append(value)

    def pop_mark(self) -> list[Any]:
        """Returns what was pushed since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def pop_two(self) -> list[Any]:
        """Returns the last two values in the order that they were pushed in."""
        last = self.stack.pop()
        return [self.stack.pop(), last]


def _mark(machine: _Machine, _: Any) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _push(make: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(make())


def _put(machine: _Machine, number: Any) -> None:
    machine.memo[len(machine.memo) if number is None else number] = machine.stack[-1]


def _get(machine: _Machine, number: Any) -> None:
    machine.push(machine.memo[number])


def _append(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if type(target) is not list:
        raise PickleError("it appends to something that is not a list")
    target += items


def _set_items(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    keys = items[::2]
    if type(target) is not dict or not all(isinstance(key, str | bytes | int) for key in keys):
        raise PickleError("it has a dictionary with odd keys")
    target.update(zip(keys, items[1::2], strict=True))


def _tuple(size: int) -> Callable[[_Machine, Any], None]:
    def push(machine: _Machine, _: Any) -> None:
        items = tuple(machine.stack[-size:])
        if len(items) < size:
            raise PickleError("it is a broken pickle (a tuple of too few values)")
        machine.stack[-size:] = [items]

    return push


def _name(machine: _Machine, argument: Any) -> None:
    if argument is None:  # STACK_GLOBAL
        name, module = machine.stack.pop(), machine.stack.pop()
    else:
        module, _, name = argument.partition(" ")
    found = Name(str(module)[:80], str(name)[:80])
    if found not in _KNOWN:
        raise PickleError(f"it asks for {found.module}.{found.name}, which no such file needs")
    machine.push(found)


def _call(machine: _Machine, _: Any) -> None:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        raise PickleError("it calls something that is not a function")
    machine.push(_CALLS[function.name](*arguments))


def _new(machine: _Machine, _: Any) -> None:
    _, kind = machine.stack.pop(), machine.stack.pop()
    if kind != Name(kind.module, "csr_matrix"):
        raise PickleError(f"it makes a new {kind.name}, which no such file needs")
    machine.push(PickledObject(kind))


def _build(machine: _Machine, _: Any) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if not isinstance(target, PickledArray | PickledDtype | PickledObject):
        raise PickleError("it sets the state of something that has none")
    target.set_state(state)


_CALLS: dict[str, Callable[..., Any]] = {
    "_reconstruct": lambda *_: PickledArray(),
    "dtype": lambda code, *_: PickledDtype(code),
    "encode": latin1,
    "defaultdict": lambda *_: {},
}
_KNOWN = {
    *(Name(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    *(Name("numpy", name) for name in ("ndarray", "dtype")),
    *(Name(f"scipy.sparse.{module}", "csr_matrix") for module in ("csr", "_csr")),
    *(Name(module, "list") for module in ("__builtin__", "builtins")),
    Name("collections", "defaultdict"),
    Name("_codecs", "encode"),
}
_CONSTANTS = {
    *("INT", "LONG", "LONG1", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
}
_HANDLERS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda *_: None),
    "NONE": _push(lambda: None),
    "NEWTRUE": _push(lambda: True),
    "NEWFALSE": _push(lambda: False),
    "EMPTY_LIST": _push(list),
    "EMPTY_DICT": _push(dict),
    "EMPTY_TUPLE": _push(tuple),
    "MARK": _mark,
    "LIST": lambda machine, _: machine.push(machine.pop_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda machine, _: _append(machine, [machine.stack.pop()]),
    "APPENDS": lambda machine, _: _append(machine, machine.pop_mark()),
    "SETITEM": lambda machine, _: _set_items(machine, machine.pop_two()),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.pop_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("GLOBAL", "STACK_GLOBAL"), _name),
    "REDUCE": _call,
    "NEWOBJ": _new,
    "BUILD": _build,
}
