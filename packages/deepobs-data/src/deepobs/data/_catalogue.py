"""The data sets there are, in one table."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ._cifar import CIFAR10_FILES, CIFAR100_FILES, cifar10, cifar100
from ._dataset import Dataset
from ._digits import digits
from ._errors import UnknownDatasetError
from ._imagenet import IMAGENET_FILES, imagenet
from ._mnist import FASHION_MNIST_FILES, MNIST_FILES, fashion_mnist, mnist
from ._svhn import SVHN_FILES, svhn
from ._synthetic import quadratic, two_d
from ._tolstoi import TOLSTOI_FILES, tolstoi
from ._transforms import Transform
from ._trees import Tree


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """What is known about a data set without loading it; call it to load the data set.

    Attributes:
        name: Its name.
        load: The function that loads it.
        description: What it is, in a line.
        origin: Who made it, or where it comes from.
        licence: Under which terms.
        files: The files under the data folder; empty where nothing needs to be fetched.
        download_bytes: How much `deepobs data prepare` fetches, roughly; 0 where nothing is
            fetched.
    """

    name: str
    load: Callable[..., Dataset]
    description: str
    origin: str
    licence: str
    files: tuple[str, ...] = ()
    download_bytes: int = 0

    def __call__(self, *, root: str | os.PathLike[str] | None = None) -> Dataset:
        """Loads the data set; `root` is ignored where no files are needed."""
        return self.load(root=root) if self.files else self.load()


_ENTRIES = (
    DatasetEntry(
        name="mnist",
        load=mnist,
        description="handwritten digits, 28×28 grey, 60,000 + 10,000",
        origin="LeCun, Cortes, Burges 1998",
        licence="CC BY-SA 3.0",
        files=MNIST_FILES,
        download_bytes=11_594_722,
    ),
    DatasetEntry(
        name="fashion_mnist",
        load=fashion_mnist,
        description="clothes, 28×28 grey, 60,000 + 10,000",
        origin="Zalando Research 2017",
        licence="MIT",
        files=FASHION_MNIST_FILES,
        download_bytes=30_878_645,
    ),
    DatasetEntry(
        name="cifar10",
        load=cifar10,
        description="photos of 10 classes, 32×32 colour, 50,000 + 10,000",
        origin="Krizhevsky 2009",
        licence="not stated; for research",
        files=CIFAR10_FILES,
        download_bytes=170_498_071,
    ),
    DatasetEntry(
        name="cifar100",
        load=cifar100,
        description="photos of 100 classes, 32×32 colour, 50,000 + 10,000",
        origin="Krizhevsky 2009",
        licence="not stated; for research",
        files=CIFAR100_FILES,
        download_bytes=169_001_437,
    ),
    DatasetEntry(
        name="svhn",
        load=svhn,
        description="digits of house numbers, 32×32 colour, 73,257 + 26,032",
        origin="Netzer and others 2011",
        licence="non-commercial use",
        files=SVHN_FILES,
        download_bytes=246_345_936,
    ),
    DatasetEntry(
        name="imagenet",
        load=imagenet,
        description="photos of 1,000 classes, cropped to 224×224, 1,281,167 + 50,000; streamed",
        origin="Russakovsky and others 2015; to be had from image-net.org after registration",
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
        origin="drawn when loaded",
        licence="none needed",
    ),
    DatasetEntry(
        name="two_d",
        load=two_d,
        description="pairs of N(0, 1) as noise, 10,000 + 10,000 zeros",
        origin="drawn when loaded",
        licence="none needed",
    ),
    DatasetEntry(
        name="digits",
        load=digits,
        description="handwritten digits, 8×8 grey, 1,437 + 360; comes with the package",
        origin="Alpaydin, Kaynak 1998 (UCI)",
        licence="CC BY 4.0",
    ),
)

DATASETS: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def get_entry(name: str) -> DatasetEntry:
    """Returns the entry of a data set.

    Raises:
        UnknownDatasetError: If there is none of that name; it names the nearest.
    """
    if name in DATASETS:
        return DATASETS[name]
    near = difflib.get_close_matches(name, DATASETS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(DATASETS)}."
    raise UnknownDatasetError(f"There is no data set {name!r}: {hint}")


def load_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    transform: Transform | Callable[[Tree], Tree] | None = None,
    train_transform: Transform | Callable[[Tree], Tree] | None = None,
) -> Dataset:
    """Loads a data set by its name. It never downloads anything: `prepare_dataset` does.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        transform: A `Transform`, or a function of the inputs of a batch as they are stored (such
            as uint8 images `[N, C, H, W]`), to use in place of the data set's own.
        train_transform: Another one for the phases `train` and `train_eval`.

    Returns:
        The data set. Iterate over its `batches`, take its `arrays`, or give it, or the `examples`
        of one of its phases, to `torch.utils.data.DataLoader`.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DatasetNotFoundError: If its files are missing; the message names the command that fetches
            them.
        CorruptDatasetError: If a file does not hold what it should.
        DataRootError: If the data folder is a file, or it or a file in it may not be read.
        ValueError: If the data set takes no transform, or `train_transform` is given alone.

    Example:
        >>> data = load_dataset("digits")
        >>> inputs, targets = next(data.batches("train", batch_size=32))
        >>> loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
    """
    dataset = get_entry(name)(root=root)
    if transform is not None:
        return dataset.with_transform(transform, train=train_transform)
    if train_transform is not None:
        raise ValueError("train_transform needs a transform for the other phases beside it.")
    return dataset
