"""What the table of data sets says of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """The facts about a data set; call it to load the data set.

    Attributes:
        name: Its name.
        load: The function that loads it.
        description: One line that says what it is.
        origin: Who made it, or where it comes from.
        licence: The terms of use.
        files: Its files under the data folder; empty if it needs none.
        other_layouts: Other paths of the same files, as used by other programs.
        download_bytes: Approximate size of the download; 0 if there is none.
        check: Reads a file without a known checksum; raises `CorruptDatasetError` if it is damaged.
    """

    name: str
    load: Callable[..., Dataset]
    description: str
    origin: str
    licence: str
    files: tuple[str, ...] = ()
    other_layouts: tuple[tuple[str, ...], ...] = ()
    download_bytes: int = 0
    check: Callable[[Path], None] | None = None

    def __call__(self, *, root: str | os.PathLike[str] | None = None, **options: Any) -> Dataset:
        """Loads the data set.

        Args:
            root: The folder of the data sets; ignored if it needs no files.
            **options: Arguments of the data set's function, such as `sequence_length`.
        """
        return self.load(root=root, **options) if self.files else self.load(**options)
