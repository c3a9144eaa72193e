"""CIFAR-10 and CIFAR-100: pickled arrays of 32×32 colour images.

torchvision's classes are not used to load them: they compare every file with its checksum each time
(that is what `verify_dataset` is for) and unpickle whatever is in the file.
"""

from __future__ import annotations

import math
import os
import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from ._batches import ArrayDataset, Arrays
from ._errors import CorruptDatasetError, way_out
from ._root import reading, require_files, resolve_root
from ._transforms import Augment, Compose, Standardize

CIFAR10_FILES = (
    *(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
    "cifar-10-batches-py/test_batch",
)
CIFAR100_FILES = ("cifar-100-python/train", "cifar-100-python/test")

_PIXELS = (3, 32, 32)


def cifar10(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads CIFAR-10: 32×32 colour images of 10 classes, 50,000 + 10,000 for testing.

    Images are standardised one by one; those for training are augmented before that (`Augment`).

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 3, 32, 32]`, 10 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file is not what it should be.

    Source: Krizhevsky. Learning multiple layers of features from tiny images. 2009.
    """
    return _load("cifar10", root, CIFAR10_FILES, "labels", 10)


def cifar100(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads CIFAR-100: as CIFAR-10, with 100 (fine) classes.

    DeepOBS 1.1.2 reads the pixels one byte too early, so that the label leaks into the first pixel;
    here they are read where they are.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 3, 32, 32]`, 100 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file is not what it should be.

    Source: Krizhevsky. Learning multiple layers of features from tiny images. 2009.
    """
    return _load("cifar100", root, CIFAR100_FILES, "fine_labels", 100)


def _load(
    name: str,
    root: str | os.PathLike[str] | None,
    files: tuple[str, ...],
    label_key: str,
    num_classes: int,
) -> ArrayDataset:
    paths = require_files(name, resolve_root(root), files)
    *train, test = (_read(name, path, label_key, num_classes) for path in paths)
    inputs = torch.cat([part.inputs for part in train])
    targets = torch.cat([part.targets for part in train if part.targets is not None])
    return ArrayDataset(
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
        CorruptDatasetError: If it is not such a file.
        DataRootError: If it may not be read.
    """
    with reading(path):
        file = path.open("rb")
    try:
        with file:
            content = _ArrayUnpickler(file, encoding="latin1").load()
        pixels, labels = np.asarray(content["data"]), np.asarray(content[label_key])
    except Exception as error:  # broken pickles raise errors of almost any kind
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


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays and plain values, and nothing that could run code."""

    _reconstruct = np.empty(0).__reduce__()[0]

    def __init__(self, file: IO[bytes], *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module: str, name: str) -> Any:
        """Returns what the pickle asks for, if it is needed to build an array."""
        if module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            if name == "_reconstruct":
                return self._reconstruct
        elif module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        elif (module, name) == ("_codecs", "encode"):
            return _encode
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no such file needs")


def _encode(text: str, encoding: str) -> bytes:
    """Returns bytes that Python 3 wrote in an old pickle protocol, which has none."""
    return text.encode(encoding)
