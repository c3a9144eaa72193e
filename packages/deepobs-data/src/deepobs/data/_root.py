"""Where the files of data sets live."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from ._errors import DataRootError, DatasetNotFoundError

DATA_DIR_VARIABLE = "DEEPOBS_DATA_DIR"


def resolve_root(root: str | os.PathLike[str] | None = None) -> Path:
    """Returns the folder of the data sets: argument, else $DEEPOBS_DATA_DIR, else user's cache.

    Args:
        root: The folder, which need not exist yet.

    Raises:
        DataRootError: If there is something else than a folder at that place, or one that may not
            be searched.
    """
    chosen = root if root is not None else os.environ.get(DATA_DIR_VARIABLE) or None
    try:
        path = (
            Path(chosen).expanduser()
            if chosen is not None
            else platformdirs.user_cache_path("deepobs") / "data"
        )
    except RuntimeError as error:
        raise DataRootError(
            f"The data folder {chosen} begins with the home of a user whom there is not: name"
            f" another one, by argument or by ${DATA_DIR_VARIABLE}."
        ) from error
    with reading(path):
        if path.exists() and not path.is_dir():
            raise DataRootError(
                f"The data folder {path} is a file: name a folder,"
                f" by argument or by ${DATA_DIR_VARIABLE}."
            )
        if path.exists():
            (path / "..").stat()  # which takes the right to search the folder
    return path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Says in a sentence why something in the data folder cannot be read, while it is being read.

    Args:
        path: What is read, a file or a folder.

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


def require_files(name: str, root: Path, files: tuple[str, ...]) -> list[Path]:
    """Returns the paths of a data set's files, all of which are there.

    Raises:
        DatasetNotFoundError: If one is missing; it says how to fetch them.
        DataRootError: If that cannot be told, as a folder may not be searched.
    """
    with reading(root):
        missing = [file for file in files if not (root / file).is_file()]
    if missing:
        raise not_found(name, root, missing[0])
    return [root / file for file in files]


def not_found(name: str, root: Path, missing: str, way: str | None = None) -> DatasetNotFoundError:
    """Returns the error that says which data set is missing, where, and how to come by it."""
    way = way or f"fetch it with `deepobs data prepare {name}`"
    return DatasetNotFoundError(
        f"The data set {name} is not in {root} ({missing} is missing): {way}, or let"
        f" ${DATA_DIR_VARIABLE} name the folder that has it."
    )
