"""The UCI handwritten digits, which are part of this package."""

from __future__ import annotations

import numpy as np
import torch

from ._batches import ArrayDataset, Arrays
from ._embedded import open_embedded
from ._transforms import Scale

# The first 80 % in the order of the file, in which writers follow each other: the test set has
# writers who are not in the training set.
NUM_TRAIN = 1437


def digits() -> ArrayDataset:
    """Loads the UCI handwritten digits: 1,797 images of 8×8 pixels, divided by 16.

    The first 1,437 images are for training and the last 360 for testing. Origin and licence (CC BY
    4.0) are in the package, in `embedded/ORIGIN.md`.

    Returns:
        Inputs `[N, 1, 8, 8]`, 10 classes.

    Source: Alpaydin, Kaynak. Optical Recognition of Handwritten Digits. UCI, 1998, doi
    10.24432/C50P49.
    """
    with open_embedded("digits.npz") as file, np.load(file, allow_pickle=False) as arrays:
        images = torch.from_numpy(arrays["images"]).unsqueeze(1)
        labels = torch.from_numpy(arrays["labels"])
    return ArrayDataset(
        "digits",
        train=Arrays(images[:NUM_TRAIN], labels[:NUM_TRAIN]),
        test=Arrays(images[NUM_TRAIN:], labels[NUM_TRAIN:]),
        num_classes=10,
        transform=Scale(16.0),
    )
