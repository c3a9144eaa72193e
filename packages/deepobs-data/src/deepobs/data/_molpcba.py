"""ogbg-molpcba: molecules and the results of 128 assays."""

from __future__ import annotations

import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ._archives import corrupt, read_member
from ._graphs import GraphDataset, StoredGraphs
from ._root import require_files, resolve_root

MOLPCBA_FILES = ("ogbg_molpcba/pcba.zip",)
NODE_FEATURES, EDGE_FEATURES, NUM_TASKS = 9, 3, 128
_NAME = "ogbg_molpcba"
# Of a table, packed and unpacked: the whole archive has 40 MB, and the largest table 220.
_MOST_PACKED, _MOST_BYTES = 2**26, 2**29
_GZIP = 31  # zlib's number for this format

Table = npt.NDArray[np.float32]


def ogbg_molpcba(*, root: str | os.PathLike[str] | None = None) -> GraphDataset:
    """Loads ogbg-molpcba: 437,929 molecules as graphs, with results of 128 biological assays.

    The split is by scaffold: 350,343 for training, 43,793 for validation (added by
    `with_validation`) and 43,793 for testing. An atom has 9 features and a bond 3, all of them
    numbers of categories; a target is 1 (active), 0, or NaN (not tested).

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        Inputs are `Graphs`, targets `[N, 128]`, float32.

    Raises:
        DatasetNotFoundError: If the archive is missing.
        CorruptDatasetError: If it does not hold what it should.

    Source: Hu and others. Open Graph Benchmark. NeurIPS 2020. Wu and others. MoleculeNet. 2018.
    """
    (path,) = require_files(_NAME, resolve_root(root), MOLPCBA_FILES)
    node_counts = _table(path, "raw/num-node-list", 1)[:, 0].astype(np.int64)
    edge_counts = _table(path, "raw/num-edge-list", 1)[:, 0].astype(np.int64)
    nodes = _table(path, "raw/node-feat", NODE_FEATURES, most=255).astype(np.uint8)
    edges = _table(path, "raw/edge-feat", EDGE_FEATURES, most=255).astype(np.uint8)
    links = _table(path, "raw/edge", 2, most=2**15 - 1).astype(np.int16)
    targets = _table(path, "raw/graph-label", NUM_TASKS, most=1, gaps=True)
    parts = [
        _table(path, f"split/scaffold/{part}", 1, most=len(targets) - 1)[:, 0].astype(np.int64)
        for part in ("train", "valid", "test")
    ]
    fits = (
        len(node_counts) == len(edge_counts) == len(targets)
        and node_counts.sum() == len(nodes)
        and edge_counts.sum() == len(edges) == len(links)
        and (links < np.repeat(node_counts, edge_counts)[:, None]).all()
    )
    if not fits:
        raise corrupt(_NAME, path, "pcba/raw", "does not fit together")
    stored = StoredGraphs(
        torch.from_numpy(nodes),
        torch.from_numpy(edges),
        torch.from_numpy(links),
        torch.from_numpy(np.insert(node_counts, 0, 0).cumsum()),
        torch.from_numpy(np.insert(edge_counts, 0, 0).cumsum()),
        torch.from_numpy(targets),
    )
    train, valid, test = map(torch.from_numpy, parts)
    return GraphDataset(_NAME, stored=stored, parts={"train": train, "valid": valid, "test": test})


def _table(
    path: Path, member: str, columns: int, *, most: float = 2**24, gaps: bool = False
) -> Table:
    """Reads a packed table of numbers, `[lines, columns]`.

    Args:
        path: The archive.
        member: The file in it, without what all have in common.
        columns: The number of columns.
        most: The largest number; the smallest is 0.
        gaps: Whether a field may be empty, which gives NaN.

    Raises:
        CorruptDatasetError: If the file holds something else.
    """
    file = f"pcba/{member}.csv.gz"
    text = _unpacked(path, file).replace(b"\r\n", b"\n").rstrip(b"\n")
    lines = text.count(b"\n") + 1
    if gaps:  # twice, because two gaps in a row share a comma; a line may begin or end with one
        text = b"," + text.replace(b"\n", b",") + b","
        text = text.replace(b",,", b",nan,").replace(b",,", b",nan,")[1:-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of text that is not a number
        try:
            values = np.fromstring(text.replace(b"\n", b","), dtype=np.float32, sep=",")
        except (DeprecationWarning, ValueError) as error:
            raise corrupt(_NAME, path, file, "is not a table of numbers") from error
    known = values[~np.isnan(values)] if gaps else values
    whole = len(values) == lines * columns and len(values) > 0
    if not whole or not ((known >= 0) & (known <= most) & (known == np.floor(known))).all():
        raise corrupt(_NAME, path, file, f"does not hold {columns} numbers a line, 0 to {most:g}")
    return values.reshape(lines, columns)


def _unpacked(path: Path, file: str) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(
            read_member(_NAME, path, file, most=_MOST_PACKED), _MOST_BYTES
        )
    except zlib.error as error:
        raise corrupt(_NAME, path, file, "cannot be unpacked") from error
    if not unpacker.eof:
        raise corrupt(_NAME, path, file, "is cut off, or far too large")
    return content
