"""SVHN: house numbers, 32×32 colour images in MATLAB files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from ._batches import ArrayDataset, Arrays
from ._errors import CorruptDatasetError, way_out
from ._root import reading, require_files, resolve_root
from ._transforms import Augment, Compose, Standardize

SVHN_FILES = ("SVHN/train_32x32.mat", "SVHN/test_32x32.mat")


def svhn(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads SVHN: digits of house numbers, 73,257 for training and 26,032 for testing.

    Images are standardised one by one; those for training are augmented before that, without flip.
    All training images are used; DeepOBS 1.1.2 stops at 64,000.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 3, 32, 32]`, 10 classes, the digits.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file is not what it should be.

    Source: Netzer, Wang, Coates, Bissacco, Wu, Ng. Reading digits in natural images with
    unsupervised feature learning. 2011.
    """
    train, test = (_read(path) for path in require_files("svhn", resolve_root(root), SVHN_FILES))
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
        CorruptDatasetError: If it is not such a file.
        DataRootError: If it may not be read.
    """
    import scipy.io  # here, as it takes three quarters of the time of importing this package

    with reading(path):
        path.open("rb").close()  # loadmat's errors do not tell this from a broken file
    try:
        content = scipy.io.loadmat(path, variable_names=("X", "y"))
        pixels, labels = np.asarray(content["X"]), np.asarray(content["y"]).reshape(-1)
    except Exception as error:  # scipy lets through whatever its parts raise
        raise CorruptDatasetError(
            f"{path} cannot be read as a file of svhn ({error}): {way_out('svhn')}"
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
            f"{path} does not hold 32×32 images with labels of 1 … 10: {way_out('svhn')}"
        )
    images = np.ascontiguousarray(pixels.transpose(3, 2, 0, 1))
    return Arrays(torch.from_numpy(images), torch.from_numpy((labels % 10).astype(np.uint8)))
