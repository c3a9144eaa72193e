"""ImageNet (ILSVRC 2012): a folder of JPEG files a class, as torchvision lays it out."""

from __future__ import annotations

import os
from pathlib import Path

from ._errors import CorruptDatasetError
from ._files import FileIndex, has_images
from ._root import not_found, reading, resolve_root
from ._streamed import StreamedImages

IMAGENET_FILES = ("imagenet/train", "imagenet/val")
NUM_CLASSES = 1001  # with 0 for the background, which no file shows


def imagenet(
    *, root: str | os.PathLike[str] | None = None, num_workers: int | None = None
) -> StreamedImages:
    """Loads the list of ImageNet's files; the images are read while they are used.

    `imagenet/train/<class>/*.JPEG` are for training, `imagenet/val/<class>/*.JPEG` for testing. The
    folders of the classes, sorted, have the numbers 1, 2, …: 0 is the background. Images are
    resized to 256 on the shorter side, cropped to 224×224 and standardised one by one; for training
    the place is random and half of them are flipped.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        num_workers: Processes that read files; 0: none; None: chosen by the number of processors.

    Returns:
        Inputs `[N, 3, 224, 224]`, 1001 classes.

    Raises:
        DatasetNotFoundError: If there are no such folders or no image files in them.
        CorruptDatasetError: If there are more than 1000 classes, or other ones in `val`.
        DataRootError: If a folder may not be read.

    Source: Russakovsky and others. ImageNet large scale visual recognition challenge. arXiv
    1409.0575.
    """
    base = resolve_root(root)
    if missing := missing_images(base):
        raise not_found("imagenet", base, missing, way_to_get(base))
    train, test = (base / folder for folder in IMAGENET_FILES)
    with reading(base / "imagenet"):
        classes, test_classes = _folders(train), _folders(test)
    others = [name for name in test_classes if name not in classes]
    if others:
        raise CorruptDatasetError(
            f"{test / others[0]} has no counterpart in {train}: both need the same class folders."
        )
    if len(classes) >= NUM_CLASSES:
        raise CorruptDatasetError(
            f"{train} has {len(classes)} class folders, but ImageNet has {NUM_CLASSES - 1}:"
            " remove what does not belong there."
        )
    with reading(base / "imagenet"):  # label 0 is the background
        indices = [FileIndex(folder, classes, first_label=1) for folder in (train, test)]
    return StreamedImages(
        "imagenet",
        train=indices[0],
        test=indices[1],
        num_classes=NUM_CLASSES,
        num_workers=num_workers,
    )


def missing_images(base: Path) -> str | None:
    """Returns what is missing in a data folder, training or validation images; None if nothing.

    Raises:
        DataRootError: If that cannot be told, as a folder may not be read.
    """
    with reading(base / "imagenet"):
        lacking = [folder for folder in IMAGENET_FILES if not has_images(base / folder)]
    return f"{lacking[0]}/*/*.JPEG" if lacking else None


def way_to_get(base: Path) -> str:
    """Returns what an error about missing files tells to do: they cannot be fetched."""
    return (
        "ImageNet can only be had from https://image-net.org/download after registration; put its"
        f" files into {base}/imagenet/train/<class>/ and {base}/imagenet/val/<class>/"
    )


def _folders(folder: Path) -> tuple[str, ...]:
    """Returns the names of the folders in a folder, sorted."""
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))
