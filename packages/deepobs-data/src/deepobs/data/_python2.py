"""Pickles as Python 2 wrote them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def python2_pickle(fields: Mapping[str, list[int] | Pixels]) -> bytes:
    """Returns a dictionary as Python 2 pickled it, byte strings and all, as CIFAR's files are.

    Args:
        fields: Lists of small numbers, or arrays of bytes in two dimensions.
    """
    pieces = [b"\x80\x02}("]  # protocol 2, a dictionary, its items
    for key, value in fields.items():
        pieces.append(_pickled(key))
        if isinstance(value, list):
            pieces += [b"](", *(b"K" + bytes([number]) for number in value), b"e"]
        else:
            pieces.append(_pickled_array(value))
    return b"".join([*pieces, b"u."])


def _pickled(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode("ascii")


def _pickled_array(array: Pixels) -> bytes:
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + _pickled("b")
    kind = b"cnumpy\ndtype\n" + _pickled("u1") + b"K\x00K\x01\x87R(K\x03" + _pickled("|")
    kind += b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    shape = b"".join(b"J" + struct.pack("<i", side) for side in array.shape) + b"\x86"
    content = b"T" + struct.pack("<i", array.nbytes) + array.tobytes()
    return empty + b"\x87R(K\x01" + shape + kind + b"\x89" + content + b"tb"
