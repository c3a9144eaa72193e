"""MNIST and Fashion-MNIST: IDX files of 28×28 gray images."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ._batches import ArrayDataset, Arrays
from ._errors import CorruptDatasetError, way_out
from ._root import read_file, require_files, resolve_root
from ._transforms import Scale

IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
MNIST_FILES = tuple(f"MNIST/raw/{file}" for file in IDX_FILES)
FASHION_MNIST_FILES = tuple(f"FashionMNIST/raw/{file}" for file in IDX_FILES)


def mnist(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads MNIST: handwritten digits, 60,000 for training and 10,000 for testing, pixels / 255.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 1, 28, 28]`, 10 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.

    Source: LeCun, Bottou, Bengio, Haffner. Gradient-based learning applied to document recognition.
    1998.
    """
    return _load("mnist", resolve_root(root), MNIST_FILES)


def fashion_mnist(*, root: str | os.PathLike[str] | None = None) -> ArrayDataset:
    """Loads Fashion-MNIST: clothes, 60,000 for training and 10,000 for testing, pixels / 255.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs `[N, 1, 28, 28]`, 10 classes.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.

    Source: Xiao, Rasul, Vollgraf. Fashion-MNIST. arXiv 1708.07747.
    """
    return _load("fashion_mnist", resolve_root(root), FASHION_MNIST_FILES)


def _load(name: str, root: Path, files: tuple[str, ...]) -> ArrayDataset:
    paths = require_files(name, root, files)
    train, test = (_read_pair(name, images, labels) for images, labels in (paths[:2], paths[2:]))
    return ArrayDataset(name, train=train, test=test, num_classes=10, transform=Scale(255.0))


def _read_pair(name: str, images: Path, labels: Path) -> Arrays:
    inputs = read_idx(name, images, dimensions=3)
    targets = read_idx(name, labels, dimensions=1)
    if inputs.shape[1:] != (28, 28):
        height, width = inputs.shape[1:]
        raise CorruptDatasetError(
            f"{images} holds images of {height}×{width} pixels instead of 28×28: {way_out(name)}"
        )
    if len(inputs) != len(targets):
        raise CorruptDatasetError(
            f"{images} holds {len(inputs)} images, but {labels} {len(targets)} labels:"
            f" {way_out(name)}"
        )
    if targets.max() > 9:
        raise CorruptDatasetError(f"{labels} holds a label above 9: {way_out(name)}")
    return Arrays(inputs.unsqueeze(1), targets)


def read_idx(name: str, path: Path, *, dimensions: int) -> Tensor:
    """Reads an IDX file of unsigned bytes.

    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the values.

    Args:
        name: The data set it belongs to, for the error message.
        path: The file.
        dimensions: The number of dimensions that it must have.

    Raises:
        CorruptDatasetError: If the file has another format, or another length than it says.
        DataRootError: If it cannot be read.
    """
    content = read_file(name, path)
    header = 4 + 4 * dimensions
    if len(content) <= header or content[:4] != bytes((0, 0, 8, dimensions)):
        raise CorruptDatasetError(
            f"{path} is not an IDX file of bytes in {dimensions} dimensions: {way_out(name)}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content, dtype=">u4", count=dimensions, offset=4))
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise CorruptDatasetError(
            f"{path} has {len(content):,} bytes instead of {expected:,}: {way_out(name)}"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=header).view(shape)
