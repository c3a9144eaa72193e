"""A compact list of the image files under a folder, one sub-folder a class."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

IMAGE_SUFFIXES = (".jpeg", ".jpg")


class FileIndex:
    """The image files of a folder with one sub-folder a class, sorted.

    Names are kept as one run of bytes, some 30 bytes a file, which processes share: a list of a
    million Python strings would be copied to each of them.

    Args:
        folder: The folder.
        classes: The names of the sub-folders.
        first_label: The label of the first class; the others follow in order.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...], *, first_label: int = 0) -> None:
        self.folder = folder
        self.classes = classes
        self.first_label = first_label
        blocks, lengths, counts = [], [], []
        for name in classes:
            names = _image_names(folder / name)
            blocks.append(b"".join(names))
            lengths.append(np.fromiter(map(len, names), dtype=np.int64, count=len(names)))
            counts.append(len(names))
        self._names = b"".join(blocks)
        self._ends = np.cumsum(np.concatenate(lengths))
        labels = np.arange(first_label, first_label + len(classes), dtype=np.int16)
        self.labels = np.repeat(labels, counts)

    def __len__(self) -> int:
        return len(self.labels)

    def path(self, number: int) -> Path:
        """Returns the path of a file by its number."""
        begin = 0 if number == 0 else self._ends[number - 1]
        name = os.fsdecode(self._names[begin : self._ends[number]])
        return self.folder / self.classes[int(self.labels[number]) - self.first_label] / name


def has_images(folder: Path) -> bool:
    """Tells whether any sub-folder has an image file; stops at the first that has."""
    return folder.is_dir() and any(_image_names(entry) for entry in folder.iterdir())


def _image_names(folder: Path) -> list[bytes]:
    """Returns the names of the image files in a folder, sorted; none if there is no such folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            os.fsencode(entry.name)
            for entry in entries
            if entry.name.lower().endswith(IMAGE_SUFFIXES)
        )
