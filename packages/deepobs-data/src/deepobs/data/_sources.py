"""Addresses and checksums of the files that are fetched.

Those of MNIST, Fashion-MNIST, CIFAR and SVHN are the ones that torchvision uses; the checksums of
unpacked IDX files, of the text and of Cora were computed from the files. GroupLens publishes the
checksum of MovieLens. That of California Housing is in scikit-learn, which fetches the same file,
and that of ogbg-molpcba in TensorFlow Datasets. Those of FineWeb's shards are fetched, each as a
Git LFS pointer, from the repository that has the shards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ._california import CALIFORNIA_FILES
from ._catalogue import get_entry
from ._cora import CORA_FILES
from ._fineweb import FINEWEB_FILES
from ._mnist import IDX_FILES
from ._molpcba import MOLPCBA_FILES
from ._movielens import MOVIELENS_FILES
from ._tolstoi import TOLSTOI_FILES

POINTER = "pointer:"


@dataclass(frozen=True)
class Download:
    """One file to fetch.

    Attributes:
        urls: Its addresses, tried in turn.
        checksum: `md5:...` or `sha256:...` of what is fetched, or `pointer:ADDRESS` of a Git LFS
            pointer that states it.
        path: Its place under the data folder.
        unpacks_to: The files it is unpacked to (`.gz`, `.tar.gz`); empty if it is used as it is.
    """

    urls: tuple[str, ...]
    checksum: str
    path: str
    unpacks_to: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[str, ...]:
        """The files that exist in the end."""
        return self.unpacks_to or (self.path,)


def downloads(name: str) -> tuple[Download, ...]:
    """Returns the files to fetch for a data set; none if it needs none or cannot be fetched."""
    return _DOWNLOADS.get(name, ())


def checksums(name: str) -> dict[str, str]:
    """Returns the checksum of each file of a data set that has one, by its path."""
    if name in _UNPACKED:
        return dict(zip(get_entry(name).files, _UNPACKED[name], strict=True))
    found = {download.path: download.checksum for download in downloads(name)}
    return {path: checksum for path, checksum in found.items() if not checksum.startswith(POINTER)}


def _idx(folder: str, mirrors: tuple[str, ...], *checksums: str) -> tuple[Download, ...]:
    """Returns the downloads of four packed IDX files."""
    return tuple(
        Download(
            tuple(f"{mirror}{file}.gz" for mirror in mirrors),
            f"md5:{md5}",
            f"{folder}/raw/{file}.gz",
            (f"{folder}/raw/{file}",),
        )
        for file, md5 in zip(IDX_FILES, checksums, strict=True)
    )


def _cifar(archive: str, md5: str, folder: str, *files: str) -> tuple[Download, ...]:
    """Returns the download of CIFAR; the last file, the names of the classes, is torchvision's."""
    url = f"https://www.cs.toronto.edu/~kriz/{archive}"
    return (Download((url,), f"md5:{md5}", archive, tuple(f"{folder}/{file}" for file in files)),)


def _svhn(part: str, md5: str) -> Download:
    url = f"http://ufldl.stanford.edu/housenumbers/{part}_32x32.mat"
    return Download((url,), f"md5:{md5}", f"SVHN/{part}_32x32.mat")


def _fineweb(path: str) -> Download:
    address = f"https://huggingface.co/datasets/kjj0/fineweb10B-gpt2/{{}}/main/{Path(path).name}"
    return Download((address.format("resolve"),), POINTER + address.format("raw"), path)


_GITHUB = "https://raw.githubusercontent.com"
_TEXT = f"{_GITHUB}/AllenDowney/fluent-python-notebooks/{{}}/attic/sequences/war-and-peace.txt"
_PLANETOID = f"{_GITHUB}/kimiyoung/planetoid/master/data/"

_DOWNLOADS = {
    "mnist": _idx(
        "MNIST",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion_mnist": _idx(
        "FashionMNIST",
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    "cifar10": _cifar(
        "cifar-10-python.tar.gz",
        "c58f30108f718f92721af3b95e74349a",
        "cifar-10-batches-py",
        *(f"data_batch_{number}" for number in range(1, 6)),
        "test_batch",
        "batches.meta",
    ),
    "cifar100": _cifar(
        "cifar-100-python.tar.gz",
        "eb9058c3a382ffc7106e4002c42a8d85",
        "cifar-100-python",
        "train",
        "test",
        "meta",
    ),
    "svhn": (
        _svhn("train", "e26dedcc434d2e4c54c9b2d4a06d8373"),
        _svhn("test", "eb5a983be6a315427106f1b164d9cef3"),
    ),
    "tolstoi": (
        Download(
            tuple(
                _TEXT.format(version)
                for version in ("b71e738e2b816c962369b6d5c1ecb62065a65454", "master")
            ),
            "sha256:3ed0f41cfdf660846878943bad5b9d575bcae1e4a92ee9a7f43d3c9dba2af344",
            TOLSTOI_FILES[0],
        ),
    ),
    "california_housing": (
        Download(
            ("https://ndownloader.figshare.com/files/5976036",),
            "sha256:aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
            CALIFORNIA_FILES[0],
        ),
    ),
    "movielens_100k": (
        Download(
            ("https://files.grouplens.org/datasets/movielens/ml-100k.zip",),
            "md5:0e33842e24a9c977be4e0107933c0723",
            MOVIELENS_FILES[0],
        ),
    ),
    "ogbg_molpcba": (
        Download(
            ("https://snap.stanford.edu/ogb/data/graphproppred/csv_mol_download/pcba.zip",),
            "sha256:0bb12da2f3ec8b0bb80564114a6174fad2df6a3a0d3c19470b3a27813a7d4e53",
            MOLPCBA_FILES[0],
        ),
    ),
    "fineweb": tuple(map(_fineweb, FINEWEB_FILES)),
    "cora_planetoid": tuple(
        Download((_PLANETOID + path.removeprefix("planetoid/"),), f"sha256:{checksum}", path)
        for path, checksum in zip(
            CORA_FILES,
            (
                "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab",
                "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
                "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
                "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1",
                "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
                "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
                "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
                "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875",
            ),
            strict=True,
        )
    ),
}

# The checksums of the files that come out of archives, in the order of the catalogue.
_UNPACKED = {
    "mnist": (
        "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion_mnist": (
        "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    "cifar10": (
        "md5:c99cafc152244af753f735de768cd75f",
        "md5:d4bba439e000b95fd0a9bffe97cbabec",
        "md5:54ebc095f3ab1f0389bbae665268c751",
        "md5:634d18415352ddfa80567beed471001a",
        "md5:482c414d41f54cd18b22e5b47cb7c3cb",
        "md5:40351d587109b95175f43aff81a1287e",
    ),
    "cifar100": (
        "md5:16019d7e3df5f24257cddd939b257f8d",
        "md5:f0ef6b0ae62326f3e7ffdfab6717acfc",
    ),
}
