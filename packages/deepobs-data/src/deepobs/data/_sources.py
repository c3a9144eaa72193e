"""Where data sets are fetched from, and the checksums that say whether their files are right.

Addresses and checksums are those of torchvision's classes, but for the text, and for the unpacked
IDX files, whose checksums torchvision does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._catalogue import get_entry
from ._mnist import IDX_FILES
from ._tolstoi import TOLSTOI_FILES


@dataclass(frozen=True)
class Download:
    """One file to fetch.

    Attributes:
        urls: Its addresses, to be tried in turn.
        checksum: `md5:…` or `sha256:…` of what is fetched.
        path: Where it goes under the data folder.
        unpacks_to: The files it is unpacked to (`.gz`, `.tar.gz`); empty if it is used as it is.
    """

    urls: tuple[str, ...]
    checksum: str
    path: str
    unpacks_to: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[str, ...]:
        """The files that are there in the end."""
        return self.unpacks_to or (self.path,)


_TEXT = "AllenDowney/fluent-python-notebooks/{}/attic/sequences/war-and-peace.txt"
_TEXT_URLS = tuple(
    "https://raw.githubusercontent.com/" + _TEXT.format(version)
    for version in ("b71e738e2b816c962369b6d5c1ecb62065a65454", "master")
)
_TEXT_CHECKSUM = "sha256:3ed0f41cfdf660846878943bad5b9d575bcae1e4a92ee9a7f43d3c9dba2af344"

_IDX_CHECKSUMS = {
    "mnist": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion_mnist": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def downloads(name: str) -> tuple[Download, ...]:
    """Returns what has to be fetched for a data set; nothing if it cannot be or need not."""
    if name == "tolstoi":
        return (Download(_TEXT_URLS, _TEXT_CHECKSUM, TOLSTOI_FILES[0]),)
    if name in ("mnist", "fashion_mnist"):
        source = _torchvision(name)
        folder = f"{source.__name__}/raw"
        return tuple(
            Download(
                tuple(mirror + file for mirror in source.mirrors),
                f"md5:{md5}",
                f"{folder}/{file}",
                (f"{folder}/{file.removesuffix('.gz')}",),
            )
            for file, md5 in source.resources
        )
    if name in ("cifar10", "cifar100"):
        source = _torchvision(name)
        # The names of the classes are not read here, but torchvision wants them beside the rest.
        files = (*get_entry(name).files, f"{source.base_folder}/{source.meta['filename']}")
        return (Download((source.url,), f"md5:{source.tgz_md5}", source.filename, files),)
    if name == "svhn":
        parts = [_torchvision(name).split_list[part] for part in ("train", "test")]
        return tuple(Download((url,), f"md5:{md5}", f"SVHN/{file}") for url, file, md5 in parts)
    return ()


def checksums(name: str) -> dict[str, str]:
    """Returns the checksum of each file of a data set that has one, by its path."""
    if name in _IDX_CHECKSUMS:
        sums = dict(zip(IDX_FILES, _IDX_CHECKSUMS[name], strict=True))
        return {file: f"sha256:{sums[file.split('/')[-1]]}" for file in get_entry(name).files}
    if name in ("cifar10", "cifar100"):
        source = _torchvision(name)
        lists = [*source.train_list, *source.test_list]
        return {f"{source.base_folder}/{file}": f"md5:{md5}" for file, md5 in lists}
    return {download.path: download.checksum for download in downloads(name)}


def _torchvision(name: str) -> Any:
    """Returns torchvision's class of a data set; imported here, as it takes a while."""
    from torchvision import datasets

    classes = {
        "mnist": datasets.MNIST,
        "fashion_mnist": datasets.FashionMNIST,
        "cifar10": datasets.CIFAR10,
        "cifar100": datasets.CIFAR100,
        "svhn": datasets.SVHN,
    }
    return classes[name]
