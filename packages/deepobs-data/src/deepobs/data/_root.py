"""The folder of the data sets, and reading files in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import platformdirs

from ._errors import CorruptDatasetError, DataRootError, DatasetNotFoundError, way_out

DATA_DIR_VARIABLE = "DEEPOBS_DATA_DIR"

# The largest file of a data set that is loaded into memory, SVHN's training set, has 182 MB.
MOST_FILE_BYTES = 2**30

_ANOTHER = f"name another one, by argument or by ${DATA_DIR_VARIABLE}"


def resolve_root(root: str | os.PathLike[str] | None = None) -> Path:
    """Returns the folder of the data sets: `root`, $DEEPOBS_DATA_DIR, or the user's cache folder.

    Args:
        root: The folder, which need not exist yet.

    Returns:
        The folder; it need not exist.

    Raises:
        DataRootError: If the path is not a folder or cannot be searched, or there is no home
            folder.
    """
    chosen = root if root is not None else os.environ.get(DATA_DIR_VARIABLE) or None
    path = _default_root() if chosen is None else _expanded(Path(chosen))
    if "\0" in str(path):
        raise DataRootError(f"The data folder has a null character in its name: {_ANOTHER}.")
    with reading(path):
        if path.exists():
            if not path.is_dir():
                raise DataRootError(f"The data folder {path} is a file: {_ANOTHER}.")
            (path / "..").stat()  # which takes the right to search the folder
    return path


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise DataRootError(
            f"The data folder {path} begins with a home folder that does not exist: {_ANOTHER}."
        ) from error


def _default_root() -> Path:
    """Returns the folder in the user's cache.

    A container may run under a user id that has no home folder; platformdirs then raises
    RuntimeError, or in older versions returns a path that begins with a literal "~".
    """
    try:
        path = platformdirs.user_cache_path("deepobs") / "data"
    except RuntimeError:
        path = Path("~")
    if not path.is_absolute():
        raise DataRootError(
            "There is no home folder to keep data sets in: name a data folder, by argument or by"
            f" ${DATA_DIR_VARIABLE}."
        )
    return path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns an error of the system, while something is read, into a sentence.

    Args:
        path: The file or folder that is read.

    Raises:
        DataRootError: In place of the system's error.
    """
    try:
        yield
    except OSError as error:
        raise DataRootError(
            f"{path} cannot be read ({error.strerror or error}): change its permissions, or choose"
            f" another data folder, by argument or by ${DATA_DIR_VARIABLE}."
        ) from error


@contextmanager
def open_regular(path: Path) -> Iterator[BufferedReader]:
    """Opens a regular file for reading; never waits, as opening a named pipe would.

    Raises:
        OSError: If the file cannot be opened or is not a regular one.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path.name} is not a regular file")
        yield file


def check_file(name: str, path: Path) -> None:
    """Checks that a file is regular and not much too large to be loaded.

    Args:
        name: The data set it belongs to.
        path: The file, which exists.

    Raises:
        CorruptDatasetError: If it is something else, such as a folder or a pipe, or too large.
        DataRootError: If it cannot be read.
    """
    with reading(path):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise CorruptDatasetError(f"{path} is not a regular file: {way_out(name)}")
    if status.st_size > MOST_FILE_BYTES:
        raise CorruptDatasetError(
            f"{path} has {status.st_size:,} bytes, more than any file of a data set:"
            f" {way_out(name)}"
        )


def read_file(name: str, path: Path) -> bytes:
    """Returns the content of a file of a data set.

    Args:
        name: The data set.
        path: The file.

    Raises:
        CorruptDatasetError: If it is not a regular file, or too large.
        DataRootError: If it cannot be read.
    """
    check_file(name, path)
    with reading(path), open_regular(path) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def find_layout(root: Path, *layouts: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the first layout of which all files exist, else the first layout.

    Args:
        root: The folder of the data sets.
        *layouts: The files of a data set, in the order of preference of their places.

    Raises:
        DataRootError: If the folder cannot be searched.
    """
    with reading(root):
        for files in layouts:
            if all((root / file).exists() for file in files):
                return files
    return layouts[0]


def require_files(name: str, root: Path, *layouts: tuple[str, ...]) -> list[Path]:
    """Returns the paths of a data set's files, all of which exist; see `find_layout`.

    Raises:
        DatasetNotFoundError: If one is missing; it says how to fetch them.
        CorruptDatasetError: If one is not a regular file, or too large.
        DataRootError: If the folder cannot be searched.
    """
    files = find_layout(root, *layouts)
    with reading(root):
        missing = [file for file in files if not (root / file).exists()]
    if missing:
        raise not_found(name, root, missing[0])
    paths = [root / file for file in files]
    for path in paths:
        check_file(name, path)
    return paths


def not_found(name: str, root: Path, missing: str, way: str | None = None) -> DatasetNotFoundError:
    """Returns the error that says which data set is missing, where, and how to get it."""
    way = way or f"fetch it with `deepobs data prepare {name}`"
    return DatasetNotFoundError(
        f"The data set {name} is not in {root} ({missing} is missing): {way}, or let"
        f" ${DATA_DIR_VARIABLE} name the folder that has it."
    )
