"""The citation graph Cora: from this package, or from the original Planetoid files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._dataset import Batch, Facts
from ._embedded import open_embedded
from ._errors import CorruptDatasetError, way_out
from ._full_batch import FullBatchDataset
from ._pickled import PickledObject, PickleError
from ._pickles import as_array, read_pickle
from ._root import read_file, require_files, resolve_root

PLANETOID_PARTS = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")
CORA_FILES = tuple(f"planetoid/ind.cora.{part}" for part in PLANETOID_PARTS)

NUM_VALID = 500  # the nodes after those for training
# The largest feature matrix, and the largest number of links, that are read; Cora has 3.9 million
# values and 10,858 links.
MOST_VALUES = 2**26
MOST_LINKS = 2**22

Integers = npt.NDArray[np.int64]
T = TypeVar("T")


class Graph(NamedTuple):
    """A graph, and those of its nodes whose classes are to be predicted.

    Attributes:
        features: `[nodes, features]`, float32.
        edges: `[2, edges]`, int64: from, to. Both directions of every edge, without duplicates and
            self-loops.
        nodes: The nodes to predict, int64 `[N]`; the targets of the batch are their classes.
    """

    features: Tensor
    edges: Tensor
    nodes: Tensor


class CitationGraph(NamedTuple):
    """A graph as it is stored: which words occur in which document, links, classes.

    Attributes:
        counts: The number of words of each document, `[nodes]`.
        words: The words of all documents one after the other, `[sum(counts)]`.
        num_words: The size of the vocabulary.
        links: Pairs of nodes, the smaller first, sorted and without duplicates, `[links, 2]`.
        labels: The class of each node, `[nodes]`.
        num_train: The first nodes are for training, the next 500 for validation.
        num_test: The last nodes are for testing.
    """

    counts: Integers
    words: Integers
    num_words: int
    links: Integers
    labels: Integers
    num_train: int
    num_test: int


def cora() -> FullBatchDataset:
    """Loads the citation graph Cora: 2,708 papers of 7 fields, 1,433 words, 5,278 citations.

    The split is that of Planetoid: 140 papers for training, 500 for validation (added by
    `with_validation`) and 1,000 for testing. The features of a paper indicate its words and are
    divided by their number, as in Kipf and Welling. The graph is part of this package; its origin
    and licence are in `embedded/ORIGIN.md`.

    Returns:
        One batch per phase: inputs are a `Graph`, targets the classes of its `nodes`.

    Source: Sen and others. Collective classification in network data. AI Magazine, 2008. Yang,
    Cohen, Salakhutdinov. Revisiting semi-supervised learning with graph embeddings. ICML 2016.
    """
    with open_embedded("cora.npz") as file, np.load(file, allow_pickle=False) as arrays:
        stored = {name: arrays[name].astype(np.int64) for name in arrays.files}
    sizes = {name: int(stored[name]) for name in ("num_words", "num_train", "num_test")}
    return _dataset("cora", CitationGraph(**{**stored, **sizes}))


def cora_planetoid(*, root: str | os.PathLike[str] | None = None) -> FullBatchDataset:
    """Loads Cora from the original files, `planetoid/ind.cora.*`; equal to `cora`.

    The files are pickles. They are read without executing their content.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        One batch per phase, as for `cora`.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file has unexpected content.
    """
    paths = require_files("cora_planetoid", resolve_root(root), CORA_FILES)
    return _dataset("cora_planetoid", read_planetoid("cora_planetoid", paths))


def read_planetoid(name: str, paths: list[Path]) -> CitationGraph:
    """Reads the eight files of a Planetoid graph, in the order of `PLANETOID_PARTS`.

    `allx` and `ally` have the features and classes of all nodes but those for testing; `x` and `y`
    are their first rows, for training. `tx` and `ty` have those for testing, in the order of
    `test.index`.

    Raises:
        CorruptDatasetError: If a file has unexpected content.
    """
    x, tx, allx = (_parse(name, path, _sparse) for path in paths[:3])
    y, ty, ally = (_parse(name, path, _one_hot) for path in paths[3:6])
    test = _parse(name, paths[7], _index)
    order = np.argsort(test)
    rows = [len(part.counts) for part in (x, allx, tx)]
    fits = (
        rows == [len(y), len(ally), len(ty)]
        and np.array_equal(test[order], len(ally) + np.arange(len(ty)))
        and x.num_words == tx.num_words == allx.num_words
        and 0 < len(y) < len(ally) - NUM_VALID
    )
    if not fits:
        raise CorruptDatasetError(
            f"The files of {name} in {paths[0].parent} do not fit together: delete them and run"
            f" `deepobs data prepare {name}`."
        )
    links = _parse(name, paths[6], lambda content: _links(content, len(ally) + len(ty)))
    documents = tx.documents()
    tested = [documents[row] for row in order]
    return CitationGraph(
        counts=np.concatenate([allx.counts, tx.counts[order]]),
        words=np.concatenate([allx.words, *tested]),
        num_words=allx.num_words,
        links=links,
        labels=np.concatenate([ally, ty[order]]),
        num_train=len(y),
        num_test=len(ty),
    )


class _Documents(NamedTuple):
    """Which words occur in which document: the pattern of a sparse matrix of ones."""

    counts: Integers
    words: Integers
    num_words: int

    def documents(self) -> list[Integers]:
        """Returns the words of each document."""
        return np.split(self.words, np.cumsum(self.counts)[:-1])


def _parse(name: str, path: Path, parse: Callable[[bytes], T]) -> T:
    """Returns what `parse` makes of a file.

    Raises:
        CorruptDatasetError: If that raises PickleError.
    """
    try:
        return parse(read_file(name, path))
    except PickleError as error:
        raise CorruptDatasetError(
            f"{path} cannot be read as a file of {name} ({error}): {way_out(name)}"
        ) from error


def _sparse(content: bytes) -> _Documents:
    matrix = read_pickle(content)
    if not isinstance(matrix, PickledObject):
        raise PickleError("it is not a sparse matrix")
    parts = [as_array(matrix.attributes.get(key)) for key in ("indptr", "indices", "data")]
    shape: Any = matrix.attributes.get("_shape")
    fits = (
        all(part.ndim == 1 for part in parts)
        and all(part.dtype.kind in "iu" for part in parts[:2])
        and isinstance(shape, tuple)
        and len(shape) == 2
        and all(type(side) is int and side > 0 for side in shape)
        and shape[0] * shape[1] <= MOST_VALUES
    )
    if not fits:
        raise PickleError("it is not a sparse matrix")
    bounds, words, ones = (part.astype(np.int64) for part in parts)
    counts = np.diff(bounds)
    whole = (
        len(bounds) == shape[0] + 1
        and bounds[0] == 0
        and bounds[-1] == len(words) == len(ones) > 0
        and (counts >= 0).all()
        and words.min() >= 0
        and words.max() < shape[1]
        and (parts[2] == 1).all()
    )
    if not whole:
        raise PickleError("it is not a sparse matrix of ones")
    return _Documents(counts, words, shape[1])


def _one_hot(content: bytes) -> Integers:
    rows = as_array(read_pickle(content))
    if rows.ndim != 2 or 0 in rows.shape or not ((rows == 0) | (rows == 1)).all():
        raise PickleError("it is not a table of classes")
    if not (rows.sum(axis=1) == 1).all():
        raise PickleError("it has a node without exactly one class")
    classes: Integers = rows.argmax(axis=1).astype(np.int64)
    return classes


def _index(content: bytes) -> Integers:
    lines = content.split()
    if not lines or not all(line.isdigit() and len(line) < 10 for line in lines):
        raise PickleError("it is not a list of nodes")
    return np.array([int(line) for line in lines], dtype=np.int64)


def _links(content: bytes, num_nodes: int) -> Integers:
    neighbours = read_pickle(content)
    if not isinstance(neighbours, dict):
        raise PickleError("it is not a graph")
    pairs: list[Any] = []
    count = 0
    for node, others in neighbours.items():
        numbers = as_array(others)
        count += numbers.size  # which the file does not bound: a list may be there many times
        if count > MOST_LINKS:
            raise PickleError(f"it has more than {MOST_LINKS:,} links")
        if type(node) is not int or numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            raise PickleError("it is not a graph")
        pairs.append(np.stack([np.full(len(numbers), node), numbers.astype(np.int64)]))
    links = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
    if links.size == 0 or links.min() < 0 or links.max() >= num_nodes:
        raise PickleError(f"it is not a graph of {num_nodes} nodes")
    links = np.unique(np.sort(links, axis=0), axis=1)
    distinct: Integers = links[:, links[0] != links[1]].T
    return distinct


def _dataset(name: str, graph: CitationGraph) -> FullBatchDataset:
    num_nodes = len(graph.labels)
    rows = np.repeat(np.arange(num_nodes), graph.counts)
    features = np.zeros((num_nodes, graph.num_words), dtype=np.float32)
    features[rows, graph.words] = (1 / graph.counts.clip(min=1)).astype(np.float32)[rows]
    shared = (torch.from_numpy(features), _both_directions(graph.links))
    labels = torch.from_numpy(graph.labels)

    def batch(first: int, last: int) -> Batch:
        nodes = torch.arange(first, last)
        return Batch(Graph(*shared, nodes), labels[nodes])

    return FullBatchDataset(
        name,
        train=batch(0, graph.num_train),
        valid=batch(graph.num_train, graph.num_train + NUM_VALID),
        test=batch(num_nodes - graph.num_test, num_nodes),
        facts=Facts(
            num_classes=int(graph.labels.max()) + 1,
            num_features=graph.num_words,
            num_nodes=num_nodes,
        ),
    )


def _both_directions(links: Integers) -> Tensor:
    edges = np.concatenate([links, links[:, ::-1]]).T
    return torch.from_numpy(edges[:, np.lexsort(edges[::-1])])
