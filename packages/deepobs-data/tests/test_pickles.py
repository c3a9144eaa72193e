import contextlib
import pickle
import struct
import tracemalloc
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepobs.data._pickled import Name, PickledArray, PickledDtype, PickledObject, PickleError
from deepobs.data._pickles import as_array, read_pickle
from deepobs.data.testing import python2_pickle

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(PLAIN, st.integers(2, 5))
def test_plain_values_are_read_as_pickle_reads_them(value: Any, protocol: int) -> None:
    """Numbers, text, and containers of them, in all binary protocols."""
    assert read_pickle(pickle.dumps(value, protocol=protocol)) == value


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("kind", ["u1", "<i4", ">i4", "<f4", ">f8", "i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_as_pickle_reads_them(protocol: int, kind: str, order: Any) -> None:
    """Of all types of numbers, byte orders and memory layouts."""
    array = np.asarray(np.arange(12).reshape(3, 4), dtype=kind, order=order)
    read = as_array(read_pickle(pickle.dumps(array, protocol=protocol)))
    assert read.dtype == array.dtype
    assert np.array_equal(read, array)
    assert read.flags.writeable


def test_a_file_of_python_2() -> None:
    """Byte strings and all; bytes beyond ASCII are kept."""
    pixels = np.arange(256, dtype=np.uint8).reshape(2, 128)
    fields = read_pickle(python2_pickle({"labels": [1, 2], "data": pixels}))
    assert as_array(fields["labels"]).tolist() == [1, 2]
    assert np.array_equal(as_array(fields["data"]), pixels)


def test_a_default_dictionary_becomes_a_dictionary() -> None:
    """As Planetoid's graphs are."""
    graph = defaultdict(list, {0: [1, 2], 1: [0]})
    assert read_pickle(pickle.dumps(graph, protocol=2)) == {0: [1, 2], 1: [0]}


def object_array() -> bytes:
    """A list in the place of an array's bytes and a type of objects, which crashes NumPy."""
    array = np.array([None] * 10, dtype=object)
    return pickle.dumps({"data": array, "labels": [1]}, protocol=2)


class Call:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("executed",)


HUGE = struct.pack("<Q", 2**36)
REFUSED = {
    "a call": pickle.dumps(Call()),
    "an array of objects": object_array(),
    "an array of records": pickle.dumps(np.zeros(3, dtype=[("a", "i4")]), protocol=2),
    "an array of dates": pickle.dumps(np.zeros(3, dtype="M8[s]"), protocol=2),
    "an array of text": pickle.dumps(np.array(["ab"]), protocol=2),
    "a class": pickle.dumps(Path, protocol=2),
    "an instance": pickle.dumps(Path("a"), protocol=2),
    "a memo entry of 2^32": b"\x80\x02Nr\xff\xff\xff\xff",
    "bytes of 64 GB": b"\x80\x04\x8e" + HUGE + b"a.",
    "text of 64 GB": b"\x80\x04\x8d" + HUGE + b"a.",
    "a frame of 64 GB": b"\x80\x04\x95" + HUGE + b"N",
    "a number of 2^31 bytes": b"\x80\x02\x8b\xff\xff\xff\x7f1.",
    "a number of many digits": b"I" + b"9" * 10_000 + b"\n.",
    "text with an odd escape": b"S'\\ '\n1.",
    "nothing": b"",
    "no end": b"\x80\x02N",
    "two values": b"\x80\x02NN.",
    "an unknown opcode": b"\x80\x02\xff.",
    "a set": pickle.dumps({1, 2}),
    "a dictionary with an odd key": pickle.dumps({(1, 2): 3}),
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent object": b"\x80\x02NQ.",
    "an item without a mark": b"\x80\x02]Ne.",
    "a tuple of nothing": b"\x80\x02\x87.",
    "an array of a wrong size": pickle.dumps(np.zeros(1000, np.uint8), protocol=2).replace(
        b"M\xe8\x03", b"M\xe9\x03"
    ),
    "an array of a negative size": pickle.dumps(np.zeros(1000, np.uint8), protocol=2).replace(
        b"M\xe8\x03\x85", b"J\xff\xff\xff\xff\x85"
    ),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_is_refused(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """With a reason, in little memory, and without running anything."""
    tracemalloc.start()
    try:
        with pytest.raises(PickleError, match="it "):
            read_pickle(content)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert capsys.readouterr().out == ""


def test_the_file_that_crashed_the_process() -> None:
    """An array whose state has a list instead of bytes."""
    with pytest.raises(PickleError, match="it has an array without content"):
        read_pickle(object_array())


def test_lists_that_hold_each_other_are_not_unfolded() -> None:
    """Thirty lists of two references each would have 2^30 leaves."""
    nested: list[Any] = [0]
    for _ in range(30):
        nested = [nested, nested]
    with pytest.raises(PickleError, match="something else in the place of an array"):
        as_array(read_pickle(pickle.dumps(nested)))


def test_deeply_nested_values_do_not_exhaust_the_stack() -> None:
    """Reading does not recurse."""
    content = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    read = read_pickle(content)
    with pytest.raises(PickleError, match="in the place of an array"):
        as_array(read)


READABLE = (
    *(bool, int, float, str, bytes, list, dict, tuple, type(None)),
    *(Name, PickledArray, PickledDtype, PickledObject),
)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """There is no third outcome: what is read consists of plain values and our own stand-ins."""
    with contextlib.suppress(PickleError):
        assert isinstance(read_pickle(b"\x80\x02" + content), READABLE)


@settings(max_examples=300)
@given(st.data())
def test_damaged_pickles_are_read_or_refused(data: st.DataObject) -> None:
    """Bytes changed, left out or inserted anywhere in a pickle of arrays."""
    fields = {"data": np.arange(24).reshape(4, 6), "labels": [1, 2], "names": ["a", "b"]}
    content = bytearray(pickle.dumps(fields, protocol=data.draw(st.integers(2, 4))))
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(content) - 1))
        last = first + data.draw(st.integers(0, 3))
        content[first:last] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(PickleError):
        found = read_pickle(bytes(content))
        array = as_array(found.get("data") if isinstance(found, dict) else found)
        assert array.dtype.kind in "biuf"
        assert array.nbytes <= 8 * len(content)
