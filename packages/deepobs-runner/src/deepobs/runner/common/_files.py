"""Paths and addresses, and writing files so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from threading import get_native_id

from ._errors import ResultsError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# Errors of file systems that cannot flush files or folders (CIFS, some FUSE, VirtualBox).
_CANNOT_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


#: No file of ours comes near: a record of ten million steps has 20 MB.
_MOST_BYTES = 1 << 28


def read_file(path: Path) -> bytes:
    """Reads a regular file of a bounded size, so that no pipe blocks and no size fills the memory.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        OSError: If it cannot be read, is not a regular file, or is larger than 256 MiB.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    if found.st_size > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {_MOST_BYTES >> 20} MiB", str(path))
    return path.read_bytes()


def is_address(location: object) -> bool:
    """Returns whether a text is an address, such as `s3://bucket/folder`, rather than a path."""
    return isinstance(location, str) and _ADDRESS.match(location) is not None


def write_atomically(path: Path, content: bytes | memoryview, *, replace: bool = True) -> bool:
    """Writes a file so that it is either complete or absent: temporary file, fsync, rename.

    Args:
        path: The file; its folder is created.
        content: The bytes to write.
        replace: Whether to replace an existing file.

    Returns:
        Whether the file was written; False if it exists and `replace` is False.

    Raises:
        ResultsError: The disk is full or the folder cannot be written.
    """
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            _sync_file(file.fileno())
        if replace:
            temporary.replace(path)
        elif not _name_exclusively(temporary, path):
            return False
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"{path} could not be written: {reason}.") from error
    finally:
        with contextlib.suppress(OSError):  # the folder may be gone, or may never have existed
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def temporary_name(path: Path) -> Path:
    """Returns the temporary file that `write_atomically` renames to `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}-{get_native_id()}.tmp")


def set_aside(path: Path) -> Path:
    """Renames a damaged file, so that it is kept but not read again.

    Returns:
        Its new name: the old one with `.damaged`, replacing an earlier file of that name.

    Raises:
        ResultsError: The folder cannot be written.
    """
    aside = path.with_name(f"{path.name}.damaged")
    try:
        return path.replace(aside)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"The damaged file {path} cannot be renamed: {reason}.") from error


def _name_exclusively(temporary: Path, path: Path) -> bool:
    """Renames a file unless the new name exists, which a plain rename would replace."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # no hard links: two simultaneous writers can collide
        if path.exists():
            return False
        temporary.replace(path)
    return True


def _sync_file(descriptor: int) -> None:
    """Flushes a file to disk, if the file system supports it."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _sync_folder(folder: Path) -> None:
    """Flushes a folder, so that a rename in it survives a power cut.

    The file already has its name here, so a folder that cannot be flushed is no failure to write.
    """
    if os.name != "posix":  # other systems cannot open folders
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
