"""Results in object storage, through fsspec."""

from __future__ import annotations

import contextlib
import datetime
import fnmatch
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from ...common import ResultsError, UsageError
from ._backends import Backend
from ._lease import Lease
from ._storage import INDEX_NAME, LOCK, PROBE, SIZE_OF_A_RECORD, Listed, Storage

_Value = TypeVar("_Value")
_SECONDS_UNTIL_STALE = 3600.0
_PARALLEL_READS = 16
# S3's codes for a conditional write that came second, and for one that met another at that moment.
_LOST_CONDITION = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}


class ObjectStorage:
    """Files in a bucket; see `Storage`.

    A file is an object, which appears as a whole when its upload ends. Listings are never cached.

    Args:
        backend: The kind of storage.
        system: The file system of fsspec.
        scheme: The kind's name in addresses.
        root: The bucket and the folder in it, without a slash at the end.
        leases: The locks that this process holds, by folder; shared by the storages of subfolders.
    """

    def __init__(
        self,
        backend: Backend,
        system: Any,
        scheme: str,
        root: str,
        leases: dict[str, Lease] | None = None,
    ) -> None:
        self._backend = backend
        self._system = system
        self._scheme = scheme
        self._root = root
        self._leases: dict[str, Lease] = {} if leases is None else leases

    def __str__(self) -> str:
        return f"{self._scheme}://{self._root}"

    def at(self, folder: str) -> ObjectStorage:
        """Returns the storage of a folder in this one."""
        root = f"{self._root}/{folder}"
        return ObjectStorage(self._backend, self._system, self._scheme, root, self._leases)

    def locate(self, name: str) -> str:
        """Returns the address of a file."""
        return f"{self}/{name}"

    def name_of(self, location: Path | str) -> str | None:
        """Returns the name of a file by its address; None if it is elsewhere."""
        start, text = f"{self}/", str(location)
        return text.removeprefix(start) if text.startswith(start) else None

    def is_there(self) -> bool:
        """Returns whether the folder holds any file."""
        return bool(self._list(self._root))

    def exists(self, name: str) -> bool:
        """Returns whether a file exists."""
        return self.key(name) in {found["name"] for found in self._list(self.key(name))}

    def read(self, name: str, *, large: bool = False) -> bytes:
        """Returns an object's content; its size is that which was uploaded, so any is read."""
        del large
        return self._ask("read", name, lambda: bytes(self._system.cat_file(self.key(name))))

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | OSError]:
        """Yields the contents of files, which are read in parallel."""
        with ThreadPoolExecutor(_PARALLEL_READS) as readers:
            yield from readers.map(self._read_or_missing, names)

    def _read_or_missing(self, name: str) -> bytes | FileNotFoundError:
        try:
            return self.read(name)
        except FileNotFoundError as error:  # removed since it was listed
            return error

    def write(self, name: str, content: bytes | memoryview, *, replace: bool = True) -> bool:
        """Uploads a file."""
        self.confirm()
        if replace:
            self.put(name, bytes(content))
            return True
        return self.create(name, bytes(content))

    def put(self, name: str, content: bytes) -> None:
        """Uploads a file, replacing one of that name."""
        self._ask("written", name, lambda: self._system.pipe_file(self.key(name), content))

    def create(self, name: str, content: bytes) -> bool:
        """Uploads a file by a conditional write.

        An upload whose answer was lost is repeated and then meets its own file, so what is there is
        compared with what was to be written.

        Returns:
            Whether the file has this content: False if another process created it.
        """
        if self._ask("written", name, lambda: self._upload_new(name, content)):
            return True
        try:
            return self.read(name) == content
        except FileNotFoundError:  # removed meanwhile
            return False

    def _upload_new(self, name: str, content: bytes) -> bool:
        """Returns False if there is a file of that name, or another process is creating it."""
        try:
            self._system.pipe_file(self.key(name), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            if _code_of(error) in _LOST_CONDITION:
                return False
            raise
        return True

    def files(self, pattern: str, folder: str = "") -> list[str]:
        """Returns the names of the files in a folder that match a pattern."""
        found = self._list(self.key(folder))
        names = [self._name(item["name"]) for item in found if item["type"] == "file"]
        return sorted(
            name for name in names if fnmatch.fnmatchcase(PurePosixPath(name).name, pattern)
        )

    def folders(self, folder: str) -> list[str]:
        """Returns the names of the folders in a folder."""
        found = self._list(self.key(folder))
        return sorted(self._name(item["name"]) for item in found if item["type"] == "directory")

    def modified_ns(self, name: str) -> int:
        """Returns a file's modification time, by the clock of the server."""
        time = self._ask("read", name, lambda: self._system.modified(self.key(name)))
        return _nanoseconds(time)

    def move(self, name: str, target: Storage, new_name: str) -> None:
        """Copies a file, then removes it."""
        self.confirm()
        target.write(new_name, self.read(name, large=True))
        self.remove(name)

    def remove(self, name: str) -> None:
        """Removes a file, if it exists."""
        with contextlib.suppress(FileNotFoundError):
            self._ask("removed", name, lambda: self._system.rm_file(self.key(name)))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Context that locks this folder; see `Lease`."""
        lease = Lease(self)
        lease.acquire()
        self._leases[self._root] = lease
        try:
            yield
        finally:
            del self._leases[self._root]
            lease.release()

    def confirm(self) -> None:
        """Checks that a lock of this folder is still held."""
        lease = self._leases.get(self._root)
        if lease is not None:
            lease.confirm()

    def clear(self) -> None:
        """Removes everything in a locked folder but the lock."""
        for item in self._below():
            if not item["name"].startswith(self.key(f"{LOCK}.")):
                self.remove(self._name(item["name"]))

    def check_writable(self, folder: str) -> None:
        """Checks that files can be written, and that conditional writes are obeyed."""
        del folder  # a bucket has no folders that could be read-only
        name = f"{PROBE}.{uuid.uuid4().hex}"
        content = bytes(SIZE_OF_A_RECORD)
        try:
            self.create(name, content)
            obeyed = not self.create(name, content[1:])
            self.remove(name)
        except FileNotFoundError as error:
            raise UsageError(
                f"There is no {self._backend.bucket} {self._root.split('/')[0]!r} for {self}; "
                "create it first."
            ) from error
        except ResultsError as error:
            if isinstance(error.__cause__, PermissionError):
                raise UsageError(str(error)) from error  # trying again would not help
            raise
        if not obeyed:
            raise UsageError(
                f"The server of {self} ignores conditional writes (If-None-Match), without which "
                "two machines could do the same run; use storage that supports them, or a folder."
            )

    def leftovers(self) -> list[str]:
        """Returns the trial files of killed processes."""
        found = [item for item in self._below() if f"/{PROBE}." in item["name"]]
        now = datetime.datetime.now(datetime.UTC).timestamp() * 1e9
        oldest = now - _SECONDS_UNTIL_STALE * 1e9
        return [
            self._name(item["name"])
            for item in found
            if _nanoseconds(item[self._backend.modified]) < oldest
        ]

    def json_files(self, blocked: list[OSError]) -> Iterator[Listed]:
        """Yields the JSON files below this folder."""
        del blocked  # one answer holds all files, or none
        for item in self._below():
            name = self._name(item["name"])
            if name.endswith(".json") and not any(part[0] == "." for part in name.split("/")):
                time = _nanoseconds(item[self._backend.modified])
                yield Listed(name, int(item["size"]), time)

    def load_index(self) -> Iterator[bytes]:
        """Yields the index's content."""
        with contextlib.suppress(FileNotFoundError):
            yield self.read(INDEX_NAME)

    def save_index(self, content: bytes) -> None:
        """Writes the index, unless this user may only read."""
        with contextlib.suppress(ResultsError):
            self.put(INDEX_NAME, content)

    def key(self, name: str) -> str:
        """Returns what fsspec calls a file: its bucket and key."""
        return f"{self._root}/{name}" if name else self._root

    def _name(self, key: str) -> str:
        return key.removeprefix(f"{self._root}/")

    def _list(self, key: str) -> list[dict[str, Any]]:
        """Returns what is directly in a folder; empty if there is nothing."""
        name = "" if key == self._root else self._name(key)
        try:
            return list(self._ask("listed", name, lambda: self._system.ls(key, detail=True)))
        except FileNotFoundError:
            return []

    def _below(self) -> list[dict[str, Any]]:
        """Returns all files below the folder."""
        try:
            found = self._ask("listed", "", lambda: self._system.find(self._root, detail=True))
        except FileNotFoundError:
            return []
        return [found[key] for key in sorted(found)]

    def _ask(self, done: str, name: str, request: Callable[[], _Value]) -> _Value:
        """Returns the answer to a request, whose errors differ from library to library.

        Raises:
            FileNotFoundError: If there is no such file, or no such bucket.
            ResultsError: If the server refuses, or does not answer.
        """
        try:
            return request()
        except FileNotFoundError:
            raise
        except Exception as error:
            where = self.locate(name) if name else self
            reason = _reason(error)
            if isinstance(error, PermissionError) or "credential" in reason.lower():
                reason = f"access is refused ({reason}); check {self._backend.credentials}"
            raise ResultsError(f"{where} could not be {done}: {reason}.") from error


def _code_of(error: OSError) -> str:
    """Returns the code of an S3 server's answer; empty for other errors."""
    answer: dict[str, Any] = getattr(error.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def _reason(error: Exception) -> str:
    """Returns the message of an error on one line; its kind if it has none."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


def _nanoseconds(time: datetime.datetime) -> int:
    """Returns a time as nanoseconds since 1970."""
    return int(time.timestamp()) * 1_000_000_000 + time.microsecond * 1000
