"""The interface of a place for results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from ...common import RunInProgressError

Address: TypeAlias = str | os.PathLike[str]

INDEX_NAME = ".deepobs-index.parquet"
LOCK = "lock"  # the file that locks a folder; object storage adds a number
PROBE = ".write_probe"  # what `check_writable` writes and removes, followed by a unique suffix
SIZE_OF_A_RECORD = 1 << 16  # bytes; about that of 100 epochs of 1,000 steps


class LockedError(RunInProgressError):
    """Error for a folder that another process has locked."""


class Listed(NamedTuple):
    """A file as a listing describes it.

    Attributes:
        name: The name relative to the storage, with forward slashes.
        size: The size in bytes.
        modified_ns: The modification time in nanoseconds.
        regular: Whether it is a regular file, which can be read.
    """

    name: str
    size: int
    modified_ns: int
    regular: bool = True


class Storage(Protocol):
    """Files under one root, by names relative to it with forward slashes.

    The folders of a results folder and of a run in progress are storages. Converted to a string, a
    storage is the path or the address that a user knows.

    Any method raises `ResultsError` if a file cannot be written, or if object storage does not
    answer as expected. A file on a disk that cannot be read raises `OSError`.
    """

    def at(self, folder: str) -> Storage:
        """Returns the storage of a folder in this one."""

    def locate(self, name: str) -> Path | str:
        """Returns the path of a file; its address in object storage."""

    def name_of(self, location: Path | str) -> str | None:
        """Returns the name of a file by what `locate` returns; None if it is elsewhere."""

    def is_there(self) -> bool:
        """Returns whether the folder exists; in object storage, whether it holds any file."""

    def exists(self, name: str) -> bool:
        """Returns whether a file exists."""

    def read(self, name: str, *, large: bool = False) -> bytes:
        """Returns a file's content.

        Args:
            name: The file.
            large: Whether it may have any size, as weights do; another one that is larger than any
                record is not read.

        Raises:
            FileNotFoundError: If there is none.
        """

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | OSError]:
        """Yields the contents of files in order; in place of one that cannot be read, the error."""

    def write(self, name: str, content: bytes | memoryview, *, replace: bool = True) -> bool:
        """Writes a file so that it is either complete or absent.

        Returns:
            Whether it was written; False if it exists and `replace` is False.
        """

    def files(self, pattern: str, folder: str = "") -> list[str]:
        """Returns the names of the files in a folder that match a pattern, in alphabetical order.

        Args:
            pattern: A pattern of the last part of the name, such as `*.pt`.
            folder: The folder; empty for the storage itself.
        """

    def folders(self, folder: str) -> list[str]:
        """Returns the names of the folders in a folder; empty if it does not exist."""

    def modified_ns(self, name: str) -> int:
        """Returns a file's modification time in nanoseconds."""

    def move(self, name: str, target: Storage, new_name: str) -> None:
        """Moves a file, replacing one that has the new name."""

    def remove(self, name: str) -> None:
        """Removes a file, if it exists."""

    def lock(self) -> AbstractContextManager[None]:
        """Context that locks this folder against all other processes.

        Raises:
            LockedError: If another process has locked it.
        """

    def confirm(self) -> None:
        """Checks that a lock is still held, which a process in object storage may lose.

        Raises:
            LockedError: If another process may have taken it over.
        """

    def clear(self) -> None:
        """Removes everything in a locked folder but the lock."""

    def check_writable(self, folder: str) -> None:
        """Checks that a record can be written to a folder, or to where it will be created.

        Raises:
            UsageError: If nothing can be written there.
            ResultsError: If there is no space, or no answer.
        """

    def leftovers(self) -> list[str]:
        """Returns the temporary files of killed processes, which are older than an hour."""

    def json_files(self, blocked: list[OSError]) -> Iterator[Listed]:
        """Yields the JSON files below this folder whose path has no part that begins with a dot.

        Args:
            blocked: Receives the errors of folders that cannot be read.
        """

    def load_index(self) -> Iterator[bytes]:
        """Yields the contents of the index's files, the most trusted one first."""

    def save_index(self, content: bytes) -> None:
        """Writes the index; does nothing if that is not possible."""
