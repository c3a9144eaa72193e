"""CIFAR-10 and CIFAR-100: pickled arrays of 32×32 color images."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import torch

from ._alternating import AlternatingImages
from ._batches import ArrayDataset, Arrays
from ._errors import CorruptDatasetError, way_out
from ._pickled import PickleError
from ._pickles import as_array, read_pickle
from ._root import read_file, require_files, resolve_root
from ._transforms import Augment, Compose, CropAndFlip, Normalize, Standardize

CIFAR10_FILES = (
    *(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
    "cifar-10-batches-py/test_batch",
)
CIFAR100_FILES = ("cifar-100-python/train", "cifar-100-python/test")

# Mean and deviation of each channel of the training images, between 0 and 1.
CIFAR10_STATISTICS = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

_PIXELS = (3, 32, 32)


def cifar10(
    *, root: str | os.PathLike[str] | None = None, augmentation: str = "deepobs"
) -> ArrayDataset:
    """Loads CIFAR-10: 32×32 color images of 10 classes, 50,000 + 10,000 for testing.

    With `"deepobs"`, each image is standardized, after augmentation in training (`Augment`). With
    `"crop_flip"`, the common preprocessing today, images are normalized by the mean and standard
    deviation of each channel, after random crops with 4 pixels of padding and random flips in
    training; with that of airbench94, after random crops with 2 reflected pixels and flips that
    alternate by epoch.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        augmentation: `"deepobs"`, `"crop_flip"` or `"alternating_flip"`. With the last one, the
            data set's `facts` have a sample of the images.

    Returns:
        Inputs `[N, 3, 32, 32]`, 10 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.
        ValueError: If the augmentation does not exist.

    Source: Krizhevsky. Learning multiple layers of features from tiny images. 2009. Crop and flip
    of He, Zhang, Ren, Sun. Deep residual learning for image recognition. CVPR 2016, section 4.2.
    Alternating flip of Jordan. 94% on CIFAR-10 in 3.29 seconds on a single GPU. 2024, section 3.6.
    """
    if augmentation not in ("deepobs", "crop_flip", "alternating_flip"):
        raise ValueError(
            "augmentation must be 'deepobs', 'crop_flip' or 'alternating_flip', but is"
            f" {augmentation!r}."
        )
    alternating = augmentation == "alternating_flip"
    kind = AlternatingImages if alternating else ArrayDataset
    dataset = _load("cifar10", root, CIFAR10_FILES, "labels", 10, kind=kind)
    if augmentation == "deepobs":
        return dataset
    normalize = Normalize(*CIFAR10_STATISTICS)
    crops = CropAndFlip(2, reflect=True) if alternating else CropAndFlip()
    return dataset.with_transform(normalize, train=Compose(crops, normalize))


def cifar100(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads CIFAR-100: like CIFAR-10, with the 100 fine classes.

    DeepOBS 1.1.2 reads the pixels with an offset of one byte, so that the label leaks into the
    first pixel. This is corrected here.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 3, 32, 32]`, 100 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.

    Source: Krizhevsky. Learning multiple layers of features from tiny images. 2009.
    """
    return _load("cifar100", root, CIFAR100_FILES, "fine_labels", 100)


def _load(
    name: str,
    root: str | os.PathLike[str] | None,
    files: tuple[str, ...],
    label_key: str,
    num_classes: int,
    *,
    kind: type[ArrayDataset] = ArrayDataset,
) -> ArrayDataset:
    paths = require_files(name, resolve_root(root), files)
    *train, test = (_read(name, path, label_key, num_classes) for path in paths)
    inputs = torch.cat([part.inputs for part in train])
    targets = torch.cat([part.targets for part in train if part.targets is not None])
    return kind(
        name,
        train=Arrays(inputs, targets),
        test=test,
        num_classes=num_classes,
        transform=Standardize(),
        train_transform=Compose(Augment(flip=True), Standardize()),
    )


def _read(name: str, path: Path, label_key: str, num_classes: int) -> Arrays:
    """Reads one pickled file: `data` is uint8 `[n, 3072]`, the labels a list.

    Raises:
        CorruptDatasetError: If the file holds something else.
        DataRootError: If it cannot be read.
    """
    try:
        fields = read_pickle(read_file(name, path))
        if not isinstance(fields, dict) or not {"data", label_key} <= fields.keys():
            raise PickleError(f"it has no images or no {label_key}")
        pixels, labels = as_array(fields["data"]), as_array(fields[label_key])
    except PickleError as error:
        raise CorruptDatasetError(
            f"{path} cannot be read as a file of {name} ({error}): {way_out(name)}"
        ) from error
    fits = (
        labels.ndim == 1
        and len(labels) > 0
        and pixels.dtype == np.uint8
        and pixels.shape == (len(labels), math.prod(_PIXELS))
        and np.issubdtype(labels.dtype, np.integer)
        and labels.min() >= 0
        and labels.max() < num_classes
    )
    if not fits:
        raise CorruptDatasetError(
            f"{path} does not hold 32×32 images with labels below {num_classes}: {way_out(name)}"
        )
    images = torch.from_numpy(np.ascontiguousarray(pixels)).view(-1, *_PIXELS)
    return Arrays(images, torch.from_numpy(labels.astype(np.uint8)))
