"""ImageNet (ILSVRC 2012): a folder of JPEG files per class."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ._errors import CorruptDatasetError
from ._files import FileIndex, class_folders, has_images
from ._root import not_found, reading, resolve_root
from ._streamed import StreamedImages

IMAGENET_FILES = ("imagenet/train", "imagenet/val")
IMAGENET_FLAT = ("train", "val")  # where torchvision puts them
NUM_CLASSES = 1001  # with 0 for the background, which has no images

_CLASS = re.compile(r"n\d{8}")


def imagenet(
    *, root: str | os.PathLike[str] | None = None, num_workers: int | None = None
) -> StreamedImages:
    """Loads the list of ImageNet's files; images are read when they are needed.

    The training set is `imagenet/train/<class>/*.JPEG`, the test set `imagenet/val/<class>/*.JPEG`.
    Both folders can also be in the data folder itself, as for torchvision's `ImageNet`, if the
    class folders are named like `n01440764`. The sorted class folders have the labels 1, 2, ...; 0
    is the background. Names that begin with a dot and files of the operating system (`Thumbs.db`,
    `__MACOSX`) are ignored; symbolic links are followed. Each image is resized to 256 pixels on the
    shorter side, cropped to 224×224 and standardized. In training, the position of the crop is
    random, and half of the images are flipped.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        num_workers: The number of processes that read files; 0 for none; None for one per
            processor, at most 16.

    Returns:
        Inputs `[N, 3, 224, 224]`, 1001 classes.

    Raises:
        DatasetNotFoundError: If there are no such folders, or no image files in them.
        CorruptDatasetError: If there are more than 1000 classes, other ones in `val`, or a class
            folder is a link to nothing.
        DataRootError: If a folder cannot be read.

    Source: Russakovsky and others. ImageNet large scale visual recognition challenge. arXiv
    1409.0575.
    """
    base = resolve_root(root)
    if missing := missing_images(base):
        raise not_found("imagenet", base, missing, way_to_get(base))
    train, test = (base / folder for folder in _layout(base))
    with reading(train.parent):
        classes, test_classes = class_folders(train), class_folders(test)
    others = [name for name in test_classes if name not in classes]
    if others:
        raise CorruptDatasetError(
            f"{test / others[0]} has no counterpart in {train}: both need the same class folders."
        )
    if len(classes) >= NUM_CLASSES:
        raise CorruptDatasetError(
            f"{train} has {len(classes)} class folders, but ImageNet has {NUM_CLASSES - 1}:"
            " remove the ones that do not belong to it."
        )
    with reading(train.parent):
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
        DataRootError: If a folder cannot be read.
    """
    folders = _layout(base)
    with reading((base / folders[0]).parent):
        lacking = [folder for folder in folders if not has_images(base / folder)]
    return f"{lacking[0]}/*/*.JPEG" if lacking else None


def way_to_get(base: Path) -> str:
    """Returns the end of an error about missing files, which cannot be fetched."""
    return (
        "ImageNet is only available from https://image-net.org/download after registration; put its"
        f" files into {base}/imagenet/train/<class>/ and {base}/imagenet/val/<class>/"
    )


def _layout(base: Path) -> tuple[str, str]:
    """Returns the folders of the two parts under the data folder.

    `train` and `val` are common names: in the data folder itself they only count with a class
    folder of ImageNet in them.
    """
    with reading(base):
        if any((base / folder).exists() for folder in IMAGENET_FILES):
            return IMAGENET_FILES
        for folder in IMAGENET_FLAT:
            if not (base / folder).is_dir():
                return IMAGENET_FILES
            if not any(_CLASS.fullmatch(entry.name) for entry in (base / folder).iterdir()):
                return IMAGENET_FILES
    return IMAGENET_FLAT
