"""Data sets of DeepOBS as batches of tensors on the device."""

from ._batches import ArrayDataset, Arrays
from ._catalogue import DATASETS, DatasetEntry, load_dataset
from ._dataset import Batch, Dataset, Phase
from ._digits import digits
from ._errors import (
    CorruptDatasetError,
    CorruptFilesWarning,
    DataRootError,
    DatasetNotFoundError,
    FetchError,
    UnknownDatasetError,
)
from ._mnist import fashion_mnist, mnist
from ._root import resolve_root
from ._seeds import derive_seed
from ._synthetic import quadratic, two_d
from ._transforms import Copy, Scale, Transform

__all__ = [
    "DATASETS",
    "ArrayDataset",
    "Arrays",
    "Batch",
    "Copy",
    "CorruptDatasetError",
    "CorruptFilesWarning",
    "DataRootError",
    "Dataset",
    "DatasetEntry",
    "DatasetNotFoundError",
    "FetchError",
    "Phase",
    "Scale",
    "Transform",
    "UnknownDatasetError",
    "derive_seed",
    "digits",
    "fashion_mnist",
    "load_dataset",
    "mnist",
    "quadratic",
    "resolve_root",
    "two_d",
]
