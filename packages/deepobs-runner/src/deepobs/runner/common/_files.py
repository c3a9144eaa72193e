"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path

from ._errors import ResultsError


def write_atomically(path: Path, content: bytes, *, replace: bool = True) -> bool:
    """Writes a file that is either complete or not there: temporary file, fsync, rename.

    Args:
        path: Where; its folder is made.
        content: What.
        replace: Whether to replace a file that is there.

    Returns:
        Whether it was written: not where there is a file that is not to be replaced.

    Raises:
        ResultsError: The disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        elif not _name_anew(temporary, path):
            return False
        _sync_folder(path.parent)
        return True
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"{path} could not be written: {reason}.") from error
    finally:
        _forget(temporary)


def _name_anew(temporary: Path, path: Path) -> bool:
    """Gives a file its name unless another one has it, which a rename would replace unasked."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: here two at the same moment can collide
        if path.exists():
            return False
        temporary.replace(path)
    return True


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut; some systems cannot open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the folder is gone or was never one: nothing is left behind
        return
