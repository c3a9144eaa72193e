"""The data sets there are, in one table."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ._dataset import Dataset
from ._digits import digits
from ._errors import UnknownDatasetError
from ._mnist import FASHION_MNIST_FILES, MNIST_FILES, fashion_mnist, mnist
from ._synthetic import quadratic, two_d


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


def load_dataset(name: str, *, root: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads a data set by its name. Nothing is ever downloaded here: `prepare_dataset` does that.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DatasetNotFoundError: If its files are not there; the message names the command that fetches
            them.
        CorruptDatasetError: If a file is not what it should be.
        DataRootError: If the data folder is a file.
    """
    return get_entry(name)(root=root)
