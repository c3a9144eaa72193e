"""The table of data sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ._california import CALIFORNIA_FILES, california_housing
from ._cartpole import cartpole
from ._cifar import CIFAR10_FILES, CIFAR100_FILES, cifar10, cifar100
from ._convection import convection
from ._cora import CORA_FILES, cora, cora_planetoid
from ._dataset import Dataset
from ._digits import digits
from ._entry import DatasetEntry
from ._errors import UnknownDatasetError
from ._fineweb import FINEWEB_FILES, check_fineweb, fineweb
from ._generated import heavy_tailed, matrix_sensing, modular_addition
from ._imagenet import IMAGENET_FILES, imagenet
from ._mnist import FASHION_MNIST_FILES, MNIST_FILES, fashion_mnist, mnist
from ._molpcba import MOLPCBA_FILES, ogbg_molpcba
from ._movielens import MOVIELENS_FILES, movielens_100k
from ._names import did_you_mean
from ._shakespeare import tiny_shakespeare
from ._svhn import SVHN_FILES, SVHN_FLAT, svhn
from ._synthetic import quadratic, two_d
from ._tolstoi import TOLSTOI_FILES, tolstoi
from ._transforms import Transform
from ._trees import Tree

_ENTRIES = (
    DatasetEntry(
        name="mnist",
        load=mnist,
        description="handwritten digits, 28×28 gray, 60,000 + 10,000",
        origin="LeCun, Cortes, Burges 1998",
        licence="CC BY-SA 3.0",
        files=MNIST_FILES,
        download_bytes=11_594_722,
    ),
    DatasetEntry(
        name="fashion_mnist",
        load=fashion_mnist,
        description="clothes, 28×28 gray, 60,000 + 10,000",
        origin="Zalando Research 2017",
        licence="MIT",
        files=FASHION_MNIST_FILES,
        download_bytes=30_878_645,
    ),
    DatasetEntry(
        name="cifar10",
        load=cifar10,
        description="photos of 10 classes, 32×32 color, 50,000 + 10,000",
        origin="Krizhevsky 2009",
        licence="not stated; for research",
        files=CIFAR10_FILES,
        download_bytes=170_498_071,
    ),
    DatasetEntry(
        name="cifar100",
        load=cifar100,
        description="photos of 100 classes, 32×32 color, 50,000 + 10,000",
        origin="Krizhevsky 2009",
        licence="not stated; for research",
        files=CIFAR100_FILES,
        download_bytes=169_001_437,
    ),
    DatasetEntry(
        name="svhn",
        load=svhn,
        description="digits of house numbers, 32×32 color, 73,257 + 26,032",
        origin="Netzer and others 2011",
        licence="non-commercial use",
        files=SVHN_FILES,
        other_layouts=(SVHN_FLAT,),
        download_bytes=246_345_936,
    ),
    DatasetEntry(
        name="imagenet",
        load=imagenet,
        description="photos of 1,000 classes, cropped to 224×224, 1,281,167 + 50,000; streamed",
        origin="Russakovsky and others 2015; available from image-net.org after registration",
        licence="non-commercial research and education",
        files=IMAGENET_FILES,
    ),
    DatasetEntry(
        name="tolstoi",
        load=tolstoi,
        description="War and Peace by characters, 2,612,948 + 653,237",
        origin="Project Gutenberg 2600",
        licence="public domain; Project Gutenberg's terms",
        files=TOLSTOI_FILES,
        download_bytes=3_291_641,
    ),
    DatasetEntry(
        name="quadratic",
        load=quadratic,
        description="points of N(0, 0.6²) in 100 dimensions, 1,000 + 1,000",
        origin="generated",
        licence="none needed",
    ),
    DatasetEntry(
        name="two_d",
        load=two_d,
        description="pairs of N(0, 1) as noise, 10,000 + 10,000 zeros",
        origin="generated",
        licence="none needed",
    ),
    DatasetEntry(
        name="digits",
        load=digits,
        description="handwritten digits, 8×8 gray, 1,437 + 360; comes with the package",
        origin="Alpaydin, Kaynak 1998 (UCI)",
        licence="CC BY 4.0",
    ),
    DatasetEntry(
        name="tiny_shakespeare",
        load=tiny_shakespeare,
        description="Shakespeare by characters, 1,003,854 + 111,540; comes with the package",
        origin="Karpathy 2015 (char-rnn)",
        licence="public-domain text, compiled under MIT",
    ),
    DatasetEntry(
        name="fineweb",
        load=fineweb,
        description="text of the web as 50,257 tokens, 1.8 billion + 10 million; streamed",
        origin="Penedo and others 2024; tokenized by Jordan (kjj0/fineweb10B-gpt2)",
        licence="ODC-By 1.0; Common Crawl's terms",
        files=FINEWEB_FILES,
        download_bytes=len(FINEWEB_FILES) * (1024 + 2 * 100_000_000),
        check=check_fineweb,
    ),
    DatasetEntry(
        name="ogbg_molpcba",
        load=ogbg_molpcba,
        description="molecules as graphs, results of 128 assays, 350,343 + 43,793",
        origin="Wu and others 2018 (MoleculeNet); Hu and others 2020 (OGB)",
        licence="MIT",
        files=MOLPCBA_FILES,
        download_bytes=39_533_472,
    ),
    DatasetEntry(
        name="cora",
        load=cora,
        description="citation graph of 2,708 papers, 7 classes; comes with the package",
        origin="Sen and others 2008; Yang and others 2016 (Planetoid)",
        licence="MIT",
    ),
    DatasetEntry(
        name="cora_planetoid",
        load=cora_planetoid,
        description="the same graph, read from the original files",
        origin="Sen and others 2008; Yang and others 2016 (Planetoid)",
        licence="MIT",
        files=CORA_FILES,
        download_bytes=572_344,
    ),
    DatasetEntry(
        name="movielens_100k",
        load=movielens_100k,
        description="ratings of 1,682 films by 943 users, 80,000 + 20,000",
        origin="Harper, Konstan 2015 (GroupLens)",
        licence="research; not to be passed on",
        files=MOVIELENS_FILES,
        download_bytes=4_924_029,
    ),
    DatasetEntry(
        name="california_housing",
        load=california_housing,
        description="prices of houses in 20,640 districts, 8 numbers each, 16,512 + 4,128",
        origin="Pace, Barry 1997",
        licence="not stated; from a public census",
        files=CALIFORNIA_FILES,
        download_bytes=441_963,
    ),
    DatasetEntry(
        name="heavy_tailed",
        load=heavy_tailed,
        description="uniform inputs, 255 classes as frequent as words, 2,048 examples",
        origin="generated; Kunstner and others 2024",
        licence="none needed",
    ),
    DatasetEntry(
        name="modular_addition",
        load=modular_addition,
        description="all sums modulo 113, 3,831 + 8,938",
        origin="generated; Power and others 2022",
        licence="none needed",
    ),
    DatasetEntry(
        name="convection",
        load=convection,
        description="points for a physics-informed network of the convection equation",
        origin="generated; Rathore and others 2024",
        licence="none needed",
    ),
    DatasetEntry(
        name="matrix_sensing",
        load=matrix_sensing,
        description="measurements of a 20×20 matrix of rank 3, 360 + 360",
        origin="generated; Tong and others 2021",
        licence="none needed",
    ),
    DatasetEntry(
        name="cartpole",
        load=cartpole,
        description="a pole on a cart, balanced by the policy that is trained (CartPole-v1)",
        origin="generated; Barto and others 1983",
        licence="none needed",
    ),
)

DATASETS: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def get_entry(name: str) -> DatasetEntry:
    """Returns the entry of a data set.

    Raises:
        UnknownDatasetError: If there is no data set of that name; the message suggests the nearest.
    """
    if name in DATASETS:
        return DATASETS[name]
    advice = did_you_mean(name, DATASETS, f"choose one of {', '.join(DATASETS)}.")
    raise UnknownDatasetError(f"There is no data set named {name!r}; {advice}")


def load_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    transform: Transform | Callable[[Tree], Tree] | None = None,
    train_transform: Transform | Callable[[Tree], Tree] | None = None,
    **options: Any,
) -> Dataset:
    """Loads a data set by name, without downloading anything (see `prepare_dataset`).

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        transform: A `Transform`, or a function of the stored inputs of a batch (such as uint8
            images `[N, C, H, W]`), that replaces the transform of the data set.
        train_transform: A different transform for the phases `train` and `train_eval`.
        **options: Arguments of the data set's function, such as `sequence_length` of `tolstoi`.

    Returns:
        The data set: iterate over its `batches`, or pass it to `torch.utils.data.DataLoader`.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DatasetNotFoundError: If its files are missing; the message says how to fetch them.
        CorruptDatasetError: If a file has unexpected content.
        DataRootError: If the data folder is a file, or it or a file in it cannot be read.
        ValueError: If the data set takes no transform, or `train_transform` is given alone.

    Example:
        >>> from torch.utils.data import DataLoader
        >>> data = load_dataset("digits")
        >>> inputs, targets = next(data.batches("train", batch_size=32))
        >>> inputs.shape
        torch.Size([32, 1, 8, 8])
        >>> len(DataLoader(data, batch_size=32, shuffle=True))
        45
    """
    dataset = get_entry(name)(root=root, **options)
    if transform is not None:
        return dataset.with_transform(transform, train=train_transform)
    if train_transform is not None:
        raise ValueError("train_transform needs a transform for the other phases beside it.")
    return dataset
