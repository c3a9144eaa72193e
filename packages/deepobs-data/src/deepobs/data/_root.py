"""Where the files of data sets live."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from ._errors import DataRootError, DatasetNotFoundError

DATA_DIR_VARIABLE = "DEEPOBS_DATA_DIR"


def resolve_root(root: str | os.PathLike[str] | None = None) -> Path:
    """Returns the folder of the data sets: argument, else $DEEPOBS_DATA_DIR, else user's cache.

    Args:
        root: The folder, which need not exist yet.

    Raises:
        DataRootError: If there is something else than a folder at that place.
    """
    chosen = root if root is not None else os.environ.get(DATA_DIR_VARIABLE) or None
    path = (
        Path(chosen).expanduser()
        if chosen is not None
        else platformdirs.user_cache_path("deepobs") / "data"
    )
    if path.exists() and not path.is_dir():
        raise DataRootError(
            f"The data folder {path} is a file: name a folder,"
            f" by argument or by ${DATA_DIR_VARIABLE}."
        )
    return path


def require_files(name: str, root: Path, files: tuple[str, ...]) -> list[Path]:
    """Returns the paths of a data set's files, all of which are there.

    Raises:
        DatasetNotFoundError: If one is missing; it says how to fetch them.
    """
    missing = [file for file in files if not (root / file).is_file()]
    if missing:
        raise not_found(name, root, missing[0])
    return [root / file for file in files]


def not_found(name: str, root: Path, missing: str) -> DatasetNotFoundError:
    """Returns the error that says which data set is missing, where, and how to fetch it."""
    return DatasetNotFoundError(
        f"The data set {name} is not in {root} ({missing} is missing): fetch it with"
        f" `deepobs data prepare {name}`, or let ${DATA_DIR_VARIABLE} name the folder that has it."
    )
