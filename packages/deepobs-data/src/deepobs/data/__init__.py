"""Data sets of DeepOBS as batches of tensors on the device."""

from . import _namespace  # noqa: F401 - checks for DeepOBS 1.x
from ._batches import ArrayDataset, Arrays
from ._california import california_housing
from ._cartpole import CartPoles, cartpole
from ._catalogue import DATASETS, load_dataset
from ._cifar import cifar10, cifar100
from ._convection import ConvectionPoints, convection
from ._cora import Graph, cora, cora_planetoid
from ._dataset import Batch, Dataset, Facts, Phase
from ._diffusion import DiffusionDataset, DiffusionInputs
from ._digits import digits
from ._entry import DatasetEntry
from ._errors import (
    CorruptDatasetError,
    CorruptFilesWarning,
    DataRootError,
    DatasetNotFoundError,
    FetchError,
    UnknownDatasetError,
)
from ._examples import Examples
from ._files import FileIndex
from ._fineweb import fineweb
from ._full_batch import FullBatchDataset
from ._generated import heavy_tailed, matrix_sensing, modular_addition
from ._graphs import GraphDataset, Graphs, StoredGraphs
from ._imagenet import imagenet
from ._mnist import fashion_mnist, mnist
from ._molpcba import ogbg_molpcba
from ._movielens import movielens_100k
from ._names import did_you_mean
from ._prepare import (
    DatasetStatus,
    FileStatus,
    dataset_status,
    prepare_dataset,
    verify_dataset,
)
from ._rollouts import RolloutDataset
from ._root import resolve_root
from ._seeds import derive_seed
from ._shakespeare import tiny_shakespeare
from ._shards import Shard, TokenShards, open_shard
from ._streamed import StreamedImages
from ._svhn import svhn
from ._synthetic import quadratic, two_d
from ._text import TextDataset, TokenBlocks
from ._tolstoi import tolstoi
from ._transforms import (
    Apply,
    Augment,
    Compose,
    Copy,
    CropAndFlip,
    Normalize,
    Scale,
    Standardize,
    Transform,
)
from ._transitions import Transitions

__all__ = [
    "DATASETS",
    "Apply",
    "ArrayDataset",
    "Arrays",
    "Augment",
    "Batch",
    "CartPoles",
    "Compose",
    "ConvectionPoints",
    "Copy",
    "CorruptDatasetError",
    "CorruptFilesWarning",
    "CropAndFlip",
    "DataRootError",
    "Dataset",
    "DatasetEntry",
    "DatasetNotFoundError",
    "DatasetStatus",
    "DiffusionDataset",
    "DiffusionInputs",
    "Examples",
    "Facts",
    "FetchError",
    "FileIndex",
    "FileStatus",
    "FullBatchDataset",
    "Graph",
    "GraphDataset",
    "Graphs",
    "Normalize",
    "Phase",
    "RolloutDataset",
    "Scale",
    "Shard",
    "Standardize",
    "StoredGraphs",
    "StreamedImages",
    "TextDataset",
    "TokenBlocks",
    "TokenShards",
    "Transform",
    "Transitions",
    "UnknownDatasetError",
    "california_housing",
    "cartpole",
    "cifar10",
    "cifar100",
    "convection",
    "cora",
    "cora_planetoid",
    "dataset_status",
    "derive_seed",
    "did_you_mean",
    "digits",
    "fashion_mnist",
    "fineweb",
    "heavy_tailed",
    "imagenet",
    "load_dataset",
    "matrix_sensing",
    "mnist",
    "modular_addition",
    "movielens_100k",
    "ogbg_molpcba",
    "open_shard",
    "prepare_dataset",
    "quadratic",
    "resolve_root",
    "svhn",
    "tiny_shakespeare",
    "tolstoi",
    "two_d",
    "verify_dataset",
]
