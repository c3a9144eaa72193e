"""Data sets of DeepOBS as batches of tensors on the device."""

from ._batches import ArrayDataset, Arrays
from ._catalogue import DATASETS, DatasetEntry, load_dataset
from ._cifar import cifar10, cifar100
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
from ._files import FileIndex
from ._imagenet import imagenet
from ._mnist import fashion_mnist, mnist
from ._prepare import (
    DatasetStatus,
    FileStatus,
    dataset_status,
    prepare_dataset,
    verify_dataset,
)
from ._root import resolve_root
from ._seeds import derive_seed
from ._streamed import StreamedImages
from ._svhn import svhn
from ._synthetic import quadratic, two_d
from ._text import TextDataset
from ._tolstoi import tolstoi
from ._transforms import Augment, Chain, Copy, Scale, Standardize, Transform

__all__ = [
    "DATASETS",
    "ArrayDataset",
    "Arrays",
    "Augment",
    "Batch",
    "Chain",
    "Copy",
    "CorruptDatasetError",
    "CorruptFilesWarning",
    "DataRootError",
    "Dataset",
    "DatasetEntry",
    "DatasetNotFoundError",
    "DatasetStatus",
    "FetchError",
    "FileIndex",
    "FileStatus",
    "Phase",
    "Scale",
    "Standardize",
    "StreamedImages",
    "TextDataset",
    "Transform",
    "UnknownDatasetError",
    "cifar10",
    "cifar100",
    "dataset_status",
    "derive_seed",
    "digits",
    "fashion_mnist",
    "imagenet",
    "load_dataset",
    "mnist",
    "prepare_dataset",
    "quadratic",
    "resolve_root",
    "svhn",
    "tolstoi",
    "two_d",
    "verify_dataset",
]
