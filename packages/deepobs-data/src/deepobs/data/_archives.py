"""Reads one file of an archive that is kept as it was fetched, in bounded memory."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ._errors import CorruptDatasetError, way_out
from ._root import read_file

Number = TypeVar("Number", bound=np.generic)

MOST_BYTES = 2**24  # unpacked; most files that are read have 2 MB at most


def read_member(name: str, path: Path, member: str, *, most: int = MOST_BYTES) -> bytes:
    """Returns the content of one file of a `.zip`, or of a tar archive packed by gzip.

    Args:
        name: The data set.
        path: The archive.
        member: The path of the file in it.
        most: The most bytes that it may have, and that a packed tar archive may.

    Raises:
        CorruptDatasetError: If the archive is broken, lacks the file, or unpacks to too much.
        DataRootError: If it may not be read.
    """
    content = read_file(name, path)
    try:
        unpack = _of_zip if path.suffix == ".zip" else _of_tar
        return unpack(content, member, most)
    except Exception as error:  # zipfile and tarfile raise whatever their parts do
        reason = str(error).partition("\n")[0][:200]
        raise CorruptDatasetError(
            f"{member} cannot be read from {path} ({reason}): {way_out(name)}"
        ) from error


def _of_zip(content: bytes, member: str, most: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(member) as file:
        return _bounded(file.read(most + 1), most)


def _of_tar(content: bytes, member: str, most: int) -> bytes:
    # Unpacked first: looking for the file in the packed archive could unpack any amount.
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
        unpacked = _bounded(packed.read(most + 1), most)
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        file = archive.extractfile(member)
        if file is None:
            raise ValueError("it is not a regular file")
        return file.read()


def _bounded(content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise ValueError(f"it unpacks to more than {most:,} bytes")
    return content


def read_table(
    name: str, path: Path, member: str, *, dtype: type[Number], delimiter: str
) -> npt.NDArray[Number]:
    """Reads a file of an archive that holds a table of numbers.

    Args:
        name: The data set.
        path: The archive.
        member: The path of the file in it.
        dtype: The type of the numbers.
        delimiter: What separates the numbers of a line.

    Returns:
        The table, `[lines, columns]`; `[0, 1]` for an empty file.

    Raises:
        CorruptDatasetError: If the file cannot be read, or is not such a table.
        DataRootError: If the archive may not be read.
    """
    content = io.BytesIO(read_member(name, path, member))
    options: dict[str, Any] = {"delimiter": delimiter, "comments": None, "ndmin": 2}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an empty file
            return np.loadtxt(content, dtype=dtype, **options)
    except (ValueError, OverflowError) as error:
        numbers = "whole numbers" if issubclass(dtype, np.integer) else "numbers"
        raise corrupt(name, path, member, f"is not a table of {numbers}") from error


def corrupt(name: str, path: Path, member: str, complaint: str) -> CorruptDatasetError:
    """Returns the error that says what is wrong with a file of an archive."""
    return CorruptDatasetError(f"{member} in {path} {complaint}: {way_out(name)}")
