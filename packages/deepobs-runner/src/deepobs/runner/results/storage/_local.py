"""Results in a folder on a disk."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

import filelock
import platformdirs

from ...common import ResultsError, UsageError, read_file, write_atomically
from ._storage import INDEX_NAME, LOCK, PROBE, SIZE_OF_A_RECORD, Listed, LockedError, Storage

_LOCK_ATTEMPTS = 100  # an attempt fails only if another process removes the folder at that moment
# Temporary files of `write_atomically`, and trial files of `check_writable`.
_TEMPORARY = re.compile(rf"\..*\.tmp|{re.escape(PROBE)}\.\d+")
# Files are written within seconds, so one as old as this does not belong to a running process.
_SECONDS_UNTIL_STALE = 3600.0


class LocalStorage:
    """Files in a folder on a disk; see `Storage`.

    Args:
        root: The folder; created when needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def at(self, folder: str) -> LocalStorage:
        """Returns the storage of a folder in this one."""
        return LocalStorage(self.root / folder)

    def locate(self, name: str) -> Path:
        """Returns the path of a file."""
        return self.root / name

    def name_of(self, location: Path | str) -> str | None:
        """Returns the name of a file by its path; None if it is elsewhere."""
        path = Path(location)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def is_there(self) -> bool:
        """Returns whether the folder exists."""
        return self.root.is_dir()

    def exists(self, name: str) -> bool:
        """Returns whether a file exists."""
        return (self.root / name).exists()

    def read(self, name: str, *, large: bool = False) -> bytes:
        """Returns a file's content."""
        path = self.root / name
        return path.read_bytes() if large else read_file(path)

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | OSError]:
        """Yields the contents of files; in place of one that cannot be read, the error."""
        for name in names:
            try:
                yield self.read(name)
            except OSError as error:
                yield error

    def write(self, name: str, content: bytes | memoryview, *, replace: bool = True) -> bool:
        """Writes a file through a temporary one."""
        return write_atomically(self.root / name, content, replace=replace)

    def files(self, pattern: str, folder: str = "") -> list[str]:
        """Returns the names of the files in a folder that match a pattern."""
        return [self._name(path) for path in sorted((self.root / folder).glob(pattern))]

    def folders(self, folder: str) -> list[str]:
        """Returns the names of the folders in a folder."""
        try:
            with os.scandir(self.root / folder) as entries:
                return sorted(self._name(Path(entry)) for entry in entries if entry.is_dir())
        except OSError:  # the folder does not exist yet
            return []

    def modified_ns(self, name: str) -> int:
        """Returns a file's modification time in nanoseconds."""
        return (self.root / name).stat().st_mtime_ns

    def move(self, name: str, target: Storage, new_name: str) -> None:
        """Moves a file within its file system."""
        path = Path(target.locate(new_name))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).replace(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{self.root / name} could not be moved: {reason}.") from error

    def remove(self, name: str) -> None:
        """Removes a file, if it exists."""
        (self.root / name).unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Context that locks this folder against all other processes."""
        try:
            lock = _acquire(self.root)
        except filelock.Timeout:
            raise LockedError(f"Another process has locked {self.root}.") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{self.root} could not be locked: {reason}.") from error
        try:
            yield
        finally:
            _remove_if_idle(self.root)
            lock.release()

    def confirm(self) -> None:
        """Does nothing: the system releases a lock only when its process ends."""

    def clear(self) -> None:
        """Removes everything in a locked folder but the lock."""
        for path in self.root.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check_writable(self, folder: str) -> None:
        """Checks that a record can be written to a folder, or to where it will be created."""
        path = self.root
        try:
            path.mkdir(parents=True, exist_ok=True)
            path = _deepest_existing(path / folder)
            probe = path / f"{PROBE}.{os.getpid()}"
            try:
                probe.write_bytes(bytes(SIZE_OF_A_RECORD))
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ResultsError(
                    f"The folder {path} has no room for a record: {reason}; free some space."
                ) from error
            raise UsageError(
                f"The results folder {path} cannot be written: {reason}; choose another one."
            ) from error

    def leftovers(self) -> list[str]:
        """Returns the temporary files of killed processes."""
        found = []
        for path in sorted(self.root.rglob(".*")):
            try:
                age = time.time() - path.lstat().st_mtime
            except OSError:  # removed meanwhile by its process
                continue
            if _TEMPORARY.fullmatch(path.name) and path.is_file() and age > _SECONDS_UNTIL_STALE:
                found.append(self._name(path))
        return found

    def json_files(self, blocked: list[OSError]) -> Iterator[Listed]:
        """Yields the JSON files below this folder.

        Symbolic links are followed, but each folder is read only once, so that circular links end.
        """
        seen: set[tuple[int, int]] = set()
        for folder, folders, files in os.walk(self.root, followlinks=True, onerror=blocked.append):
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.endswith(".json") or name.startswith("."):
                    continue
                try:
                    found = self.listed(self._name(Path(folder, name)))
                except OSError:
                    continue  # deleted since it was listed, or a link to nothing
                yield found

    def listed(self, name: str) -> Listed:
        """Returns the size and the modification time of one file."""
        status = (self.root / name).stat()
        return Listed(name, status.st_size, status.st_mtime_ns, S_ISREG(status.st_mode))

    def load_index(self) -> Iterator[bytes]:
        """Yields the contents of the index's files."""
        for path in dict.fromkeys([self._index_path(), self.root / INDEX_NAME]):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            yield content

    def save_index(self, content: bytes) -> None:
        """Writes the index to the folder; to the user's cache if the folder is not writable."""
        with suppress(ResultsError):
            write_atomically(self._index_path(), content)

    def _index_path(self) -> Path:
        if os.access(self.root, os.W_OK):
            return self.root / INDEX_NAME
        digest = hashlib.sha256(str(self.root.resolve()).encode("utf-8", "replace")).hexdigest()
        return platformdirs.user_cache_path("deepobs") / "index" / f"{digest[:16]}.parquet"

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _deepest_existing(folder: Path) -> Path:
    """Returns the nearest existing parent of a folder.

    Raises:
        OSError: If a name is longer than the file system allows.
    """
    missing = []
    while not folder.exists():
        missing.append(folder.name)
        folder = folder.parent
    longest = os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    if any(len(os.fsencode(name)) > longest for name in missing):
        raise OSError(errno.ENAMETOOLONG, f"names may have {longest} bytes")
    return folder


def _acquire(folder: Path) -> filelock.BaseFileLock:
    """Locks a folder, which another process may remove meanwhile.

    Raises:
        filelock.Timeout: If another process holds the lock.
        OSError: If the folder cannot be created or locked.
    """
    path = folder / LOCK
    for attempt in range(1, _LOCK_ATTEMPTS + 1):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path, blocking=False)
            lock.acquire()
        except filelock.Timeout:  # locked, or removed after it was opened
            if path.exists() or attempt == _LOCK_ATTEMPTS:
                raise
        except (FileNotFoundError, FileExistsError):  # removed or created between two calls
            if attempt == _LOCK_ATTEMPTS:
                raise
        else:
            return lock
    raise AssertionError("unreachable: the last attempt returns or raises")


def _remove_if_idle(folder: Path) -> None:
    """Removes a folder if it contains only the lock, which is still held."""
    try:
        if [path.name for path in folder.iterdir()] == [LOCK]:
            shutil.rmtree(folder)
            folder.parent.rmdir()  # fails while there are other runs
    except OSError:
        return
