"""The image files under a folder with one sub-folder per class, as a compact list.

Hidden names are ignored; symbolic links are followed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ._errors import CorruptDatasetError

IMAGE_SUFFIXES = (".jpeg", ".jpg")

# What operating systems and file servers leave in folders, besides names that begin with a dot.
IGNORED_NAMES = frozenset(
    {
        *("thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
        *("__macosx", "@eadir", "lost+found"),
    }
)


class FileIndex:
    """The image files of a folder with one sub-folder per class, sorted.

    Names are stored in one byte string, about 30 bytes per file, which processes share. A list of a
    million Python strings would be copied to each process.

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


def class_folders(folder: Path) -> tuple[str, ...]:
    """Returns the names of the class folders in a folder, sorted.

    Raises:
        CorruptDatasetError: If one is a broken symbolic link: leaving it out would change the
            labels of the classes after it.
    """
    names = []
    for entry in folder.iterdir():
        if is_hidden(entry.name):
            continue
        if entry.is_symlink() and not entry.exists():
            raise CorruptDatasetError(
                f"{entry} is a symbolic link to something that does not exist: correct it or remove"
                " it."
            )
        if entry.is_dir():
            names.append(entry.name)
    return tuple(sorted(names))


def has_images(folder: Path) -> bool:
    """Returns whether any class folder has an image file; stops at the first one."""
    if not folder.is_dir():
        return False
    return any(_image_names(e) for e in folder.iterdir() if not is_hidden(e.name))


def is_hidden(name: str) -> bool:
    """Returns whether a file or folder of this name is ignored."""
    return name.startswith(".") or name.lower() in IGNORED_NAMES


def _image_names(folder: Path) -> list[bytes]:
    """Returns the names of the image files in a folder, sorted; none if it does not exist."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            os.fsencode(entry.name)
            for entry in entries
            if entry.name.lower().endswith(IMAGE_SUFFIXES) and not is_hidden(entry.name)
        )
