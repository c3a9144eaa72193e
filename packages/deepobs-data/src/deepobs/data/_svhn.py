"""SVHN: house numbers, 32×32 color images in MATLAB files."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import numpy as np
import torch

from ._batches import ArrayDataset, Arrays
from ._errors import CorruptDatasetError, way_out
from ._root import read_file, require_files, resolve_root
from ._transforms import Augment, Compose, Standardize

SVHN_FILES = ("SVHN/train_32x32.mat", "SVHN/test_32x32.mat")
SVHN_FLAT = ("train_32x32.mat", "test_32x32.mat")  # where torchvision puts them
MOST_IMAGES = 300_000  # more than three times as many as there are


def svhn(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads SVHN: digits of house numbers, 73,257 for training and 26,032 for testing.

    Each image is standardized, after augmentation without flipping in training (`Augment`). All
    training images are used, whereas DeepOBS 1.1.2 uses 64,000. The files can also be in the data
    folder itself, as for torchvision's `SVHN`.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 3, 32, 32]`, 10 classes, the digits.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.

    Source: Netzer, Wang, Coates, Bissacco, Wu, Ng. Reading digits in natural images with
    unsupervised feature learning. 2011.
    """
    paths = require_files("svhn", resolve_root(root), SVHN_FILES, SVHN_FLAT)
    train, test = (_read(path) for path in paths)
    return ArrayDataset(
        "svhn",
        train=train,
        test=test,
        num_classes=10,
        transform=Standardize(),
        train_transform=Compose(Augment(flip=False), Standardize()),
    )


def _read(path: Path) -> Arrays:
    """Reads one file: `X` is uint8 `[32, 32, 3, n]`, `y` `[n, 1]` with 10 for the digit 0.

    Raises:
        CorruptDatasetError: If the file holds something else.
        DataRootError: If it cannot be read.
    """
    import scipy.io  # takes three quarters of the time of importing this package

    content = read_file("svhn", path)
    try:
        # The sizes first: a small compressed file can claim any number of images.
        sizes = {name: shape for name, shape, _ in scipy.io.whosmat(io.BytesIO(content))}
        if not all(math.prod(sizes[key]) <= 3072 * MOST_IMAGES for key in ("X", "y")):
            raise ValueError("it claims to have more images than SVHN")
        arrays = scipy.io.loadmat(io.BytesIO(content), variable_names=("X", "y"))
        pixels, labels = np.asarray(arrays["X"]), np.asarray(arrays["y"]).reshape(-1)
    except Exception as error:  # scipy raises whatever its parts do
        reason = str(error).partition("\n")[0][:200]
        raise CorruptDatasetError(
            f"{path} cannot be read as a file of svhn ({reason}): {way_out('svhn')}"
        ) from error
    fits = (
        pixels.dtype == np.uint8
        and pixels.shape == (32, 32, 3, len(labels))
        and len(labels) > 0
        and labels.dtype.kind in "uif"  # MATLAB's own numbers are floats
        and np.isin(labels, range(1, 11)).all()
    )
    if not fits:
        raise CorruptDatasetError(
            f"{path} does not hold 32×32 images with labels 1 to 10: {way_out('svhn')}"
        )
    images = np.ascontiguousarray(pixels.transpose(3, 2, 0, 1))
    return Arrays(torch.from_numpy(images), torch.from_numpy((labels % 10).astype(np.uint8)))
