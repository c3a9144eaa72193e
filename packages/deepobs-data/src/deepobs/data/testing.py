"""Small files in the exact formats of the data sets, for tests that cannot download them.

They contain noise: a model can run on them but learns little or nothing.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse
from PIL import Image

from ._california import CALIFORNIA_FILES, HOUSES_FILE
from ._catalogue import get_entry
from ._cifar import CIFAR10_FILES, CIFAR100_FILES
from ._cora import CORA_FILES
from ._fineweb import FINEWEB_FILES
from ._fineweb import VOCABULARY_SIZE as GPT2_TOKENS
from ._mnist import FASHION_MNIST_FILES, MNIST_FILES
from ._molpcba import EDGE_FEATURES, MOLPCBA_FILES, NODE_FEATURES, NUM_TASKS
from ._movielens import MOVIELENS_FILES, NUM_ITEMS, NUM_USERS, RATINGS_FILE
from ._python2 import Pixels, python2_pickle
from ._root import resolve_root
from ._shards import HEADER_BYTES, MAGIC, VERSION
from ._svhn import SVHN_FILES
from ._tolstoi import DELETED_LINES, NUM_LINES, TOLSTOI_FILES, VOCABULARY_SIZE

__all__ = ["python2_pickle", "write_stand_in"]


def write_stand_in(
    name: str,
    root: str | os.PathLike[str],
    *,
    num_train: int | None = None,
    num_test: int | None = None,
    seed: int = 0,
) -> Path:
    """Writes small files in the exact format of a data set, which `load_dataset` then loads.

    Args:
        name: One of `DATASETS`; nothing is written for those that need no files.
        root: The folder of the data sets, which is created if necessary.
        num_train: The number of training examples, by default 300 (12 for ImageNet). A text always
            has 65,007 lines.
        num_test: The number of test examples, by default 140 (6 for ImageNet).
        seed: The seed of the noise.

    Returns:
        The folder of the data sets.

    Raises:
        FileExistsError: If such a file already exists; nothing is overwritten.
        UnknownDatasetError: If there is no data set of that name.

    Example:
        >>> import tempfile
        >>> from deepobs.data import load_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     root = write_stand_in("mnist", folder)
        ...     load_dataset("mnist", root=root).num_examples("train")
        300
    """
    entry, base = get_entry(name), resolve_root(root)
    for file in entry.files:
        if (base / file).exists():
            raise FileExistsError(f"{base / file} exists already: a stand-in replaces nothing.")
    if entry.files:
        defaults = (12, 6) if name == "imagenet" else (300, 140)
        sizes = (num_train or defaults[0], num_test or defaults[1])
        _WRITERS[name](base, sizes, np.random.default_rng(seed))
    return base


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:  # never through a link to something else
        file.write(content)


def _noise(rng: np.random.Generator, *shape: int) -> Pixels:
    return rng.integers(0, 256, shape, dtype=np.uint8)


def _labels(rng: np.random.Generator, count: int, num_classes: int) -> list[int]:
    return [int(label) for label in rng.integers(0, num_classes, count)]


def _idx(
    files: tuple[str, ...],
) -> Callable[[Path, tuple[int, int], np.random.Generator], None]:
    """Returns a writer of IDX files: images and labels for training, then for testing."""

    def write(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
        for count, images, labels in zip(sizes, files[::2], files[1::2], strict=True):
            head = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 28, 28)
            _write(base / images, head + _noise(rng, count, 28, 28).tobytes())
            head = struct.pack(">BBBBI", 0, 0, 8, 1, count)
            _write(base / labels, head + bytes(_labels(rng, count, 10)))

    return write


def _cifar10(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    parts = [len(part) for part in np.array_split(np.arange(sizes[0]), 5)] + [sizes[1]]
    for file, count in zip(CIFAR10_FILES, parts, strict=True):
        labels = _labels(rng, count, 10)
        pixels = _noise(rng, count, 3072)
        _write(base / file, python2_pickle({"labels": labels, "data": pixels}))


def _cifar100(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    for file, count in zip(CIFAR100_FILES, sizes, strict=True):
        fine, coarse = _labels(rng, count, 100), _labels(rng, count, 20)
        pixels = _noise(rng, count, 3072)
        fields: dict[str, list[int] | Pixels]
        fields = {"fine_labels": fine, "coarse_labels": coarse, "data": pixels}
        _write(base / file, python2_pickle(fields))


def _svhn(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    for file, count in zip(SVHN_FILES, sizes, strict=True):
        labels = np.array(_labels(rng, count, 10), dtype=np.uint8)
        content = {"X": _noise(rng, 32, 32, 3, count), "y": np.where(labels, labels, 10)[:, None]}
        (base / file).parent.mkdir(parents=True, exist_ok=True)
        scipy.io.savemat(base / file, content, do_compression=True)


def _imagenet(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes JPEG files of several sizes; of ten, one is gray, one CMYK, one lies on its side."""
    classes = ("n01440764", "n01443537", "n01484850")
    for part, count in zip(("train", "val"), sizes, strict=True):
        for number in range(count):
            height, width = rng.integers(60, 400, 2).tolist()
            small = Image.fromarray(_noise(rng, 8, 8, 3)).resize((width, height))
            mode = {7: "L", 8: "CMYK"}.get(number % 10, "RGB")
            exif = Image.Exif()
            if number % 10 == 9:
                exif[0x0112] = 6  # the orientation: to be turned by 90 degrees
            folder = base / "imagenet" / part / classes[number % len(classes)]
            folder.mkdir(parents=True, exist_ok=True)
            small.convert(mode).save(folder / f"{part}_{number:08}.JPEG", "JPEG", exif=exif)


def _tolstoi(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes a text of as many lines, most of them empty, and as many different characters."""
    del sizes
    alphabet = [chr(code) for code in range(32, 32 + VOCABULARY_SIZE - 2)]  # besides CR and LF
    front = sum(last - first + 1 for first, last in DELETED_LINES[:2])
    back = DELETED_LINES[2][1] - DELETED_LINES[2][0] + 1
    body = ["\r\n"] * (NUM_LINES - front - back)
    for number in range(0, len(body), 100):
        body[number] = "".join(rng.permutation(alphabet)) + "\r\n"
    text = ["\ufefffront\r\n"] * front + body + ["back\r\n"] * back
    # The first four lines of what is left after the first deletion stay, as the title does.
    text[29:33], text[front : front + 4] = body[:4], ["front\r\n"] * 4
    _write(base / TOLSTOI_FILES[0], "".join(text).encode("utf-8"))


def _fineweb(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes shards of random tokens, as many rows of 1,024 as there are examples."""
    parts = [sizes[1], *map(len, np.array_split(np.arange(sizes[0]), len(FINEWEB_FILES) - 1))]
    for file, rows in zip(FINEWEB_FILES, parts, strict=True):
        tokens = rng.integers(0, GPT2_TOKENS, 1024 * rows + 1).astype("<u2")
        head = struct.pack("<iii", MAGIC, VERSION, len(tokens)).ljust(HEADER_BYTES, b"\0")
        _write(base / file, head + tokens.tobytes())


def _molpcba(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes random graphs of about 26 nodes and 28 edges; a third of the results are missing."""
    parts = {"train": sizes[0], "valid": sizes[1], "test": sizes[1]}
    total = sum(parts.values())
    nodes, edges = rng.integers(2, 51, total), rng.integers(1, 56, total)
    links = rng.integers(0, np.repeat(nodes, edges)[:, None], (edges.sum(), 2))
    results = rng.choice(np.array(["0.0", "1.0", ""]), (total, NUM_TASKS))
    tables = {
        "raw/num-node-list": nodes[:, None],
        "raw/num-edge-list": edges[:, None],
        "raw/node-feat": rng.integers(0, 10, (nodes.sum(), NODE_FEATURES)),
        "raw/edge-feat": rng.integers(0, 4, (edges.sum(), EDGE_FEATURES)),
        "raw/edge": links,
        "raw/graph-label": results,
    }
    order = np.split(rng.permutation(total), np.cumsum(list(parts.values()))[:-1])
    tables |= {f"split/scaffold/{n}": o[:, None] for n, o in zip(parts, order, strict=True)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, rows in tables.items():
            text = "".join(",".join(map(str, row)) + "\n" for row in rows.tolist())
            packed = gzip.compress(text.encode(), mtime=0)
            file.writestr(zipfile.ZipInfo(f"pcba/{name}.csv.gz"), packed)
    _write(base / MOLPCBA_FILES[0], archive.getvalue())


def _planetoid(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes a random citation graph of 20 words and 7 classes, 500 of its nodes for validation."""
    num_train, num_test = sizes
    known = num_train + 500 + 10
    nodes = known + num_test
    words = scipy.sparse.csr_matrix(rng.integers(0, 2, (nodes, 20)).astype(np.float32))
    classes = np.eye(7, dtype=np.int32)[_labels(rng, nodes, 7)]
    order = rng.permutation(num_test)
    graph = {node: _labels(rng, 3, nodes) for node in range(nodes)}
    parts = (
        *(words[:num_train], words[known:][order], words[:known]),
        *(classes[:num_train], classes[known:][order], classes[:known]),
        graph,
    )
    for file, part in zip(CORA_FILES, parts, strict=False):
        _write(base / file, pickle.dumps(part, protocol=2))
    _write(base / CORA_FILES[-1], "".join(f"{known + row}\n" for row in order).encode())


def _movielens(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes ratings that consist of a taste of the user, a quality of the film, and noise."""
    count = sum(sizes)
    users, items = rng.integers(0, NUM_USERS, count), rng.integers(0, NUM_ITEMS, count)
    taste, quality = rng.normal(0, 0.4, NUM_USERS), rng.normal(0, 0.5, NUM_ITEMS)
    ratings = 3.5 + taste[users] + quality[items] + rng.normal(0, 0.9, count)
    columns = [users + 1, items + 1, ratings.round().clip(1, 5).astype(int)]
    columns.append(rng.integers(874_724_710, 893_286_639, count))
    lines = ("\t".join(map(str, row)) for row in np.stack(columns, axis=1).tolist())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        file = zipfile.ZipInfo(RATINGS_FILE)  # without the time of today
        archive.writestr(file, "".join(f"{line}\n" for line in lines), zipfile.ZIP_DEFLATED)
    _write(base / MOVIELENS_FILES[0], packed.getvalue())


def _california(base: Path, sizes: tuple[int, int], rng: np.random.Generator) -> None:
    """Writes districts whose prices follow their incomes, and noise."""
    count = sum(sizes)
    income = rng.lognormal(1.2, 0.5, count).round(4)
    columns = [
        *(rng.uniform(-124, -114, count).round(2), rng.uniform(32, 42, count).round(2)),
        *(rng.integers(1, 53, count), rng.integers(500, 6000, count)),
        *(rng.integers(100, 1200, count), rng.integers(200, 4000, count)),
        *(rng.integers(80, 1200, count), income),
        (40_000 * income * rng.lognormal(0, 0.3, count)).round(-2),
    ]
    lines = (",".join(f"{value:.6f}" for value in row) for row in np.stack(columns, axis=1))
    content = "".join(f"{line}\n" for line in lines).encode()
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        file = tarfile.TarInfo(HOUSES_FILE)
        file.size = len(content)
        archive.addfile(file, io.BytesIO(content))
    _write(base / CALIFORNIA_FILES[0], gzip.compress(unpacked.getvalue(), mtime=0))


_WRITERS: Mapping[str, Callable[[Path, tuple[int, int], np.random.Generator], None]] = {
    "mnist": _idx(MNIST_FILES),
    "fashion_mnist": _idx(FASHION_MNIST_FILES),
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "svhn": _svhn,
    "imagenet": _imagenet,
    "tolstoi": _tolstoi,
    "fineweb": _fineweb,
    "ogbg_molpcba": _molpcba,
    "cora_planetoid": _planetoid,
    "movielens_100k": _movielens,
    "california_housing": _california,
}
