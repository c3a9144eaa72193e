"""Data sets of many small graphs, which are batched without a loop over them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._batches import Arrays
from ._checks import check_no_validation, check_phase
from ._dataset import Batch, Dataset, Facts, Phase
from ._passes import ExampleDataset, Pass
from ._transforms import Copy
from ._trees import map_tensors


class Graphs(NamedTuple):
    """Some graphs, padded to the largest of them, so that all tensors have them on the first axis.

    Attributes:
        nodes: Features of the nodes, float32 `[N, most nodes, F]`.
        edges: Features of the edges, each of which is there once, float32 `[N, most edges, D]`.
        links: The two nodes of each edge, int64 `[N, most edges, 2]`.
        node_counts: The number of nodes of each graph, int64 `[N]`.
        edge_counts: The number of edges of each graph, int64 `[N]`.
    """

    nodes: Tensor
    edges: Tensor
    links: Tensor
    node_counts: Tensor
    edge_counts: Tensor


class StoredGraphs(NamedTuple):
    """Graphs one after the other.

    Attributes:
        nodes: Features of all nodes, uint8 `[nodes, F]`.
        edges: Features of all edges, uint8 `[edges, D]`.
        links: The two nodes of each edge, counted within their graph, int16 `[edges, 2]`.
        node_ends: Where the nodes of each graph begin, and the end of the last, int64 `[G + 1]`.
        edge_ends: The same of edges.
        targets: float32 `[G, K]`, NaN where a value is not known.
    """

    nodes: Tensor
    edges: Tensor
    links: Tensor
    node_ends: Tensor
    edge_ends: Tensor
    targets: Tensor


class GraphDataset(ExampleDataset):
    """A data set of graphs in memory, with a validation set of its own.

    A batch has `Graphs` as inputs and `[N, K]` as targets.

    Args:
        name: Its name.
        stored: All graphs.
        parts: The numbers of the graphs for `train`, `valid` and `test`, int64.
    """

    def __init__(self, name: str, *, stored: StoredGraphs, parts: Mapping[Phase, Tensor]) -> None:
        super().__init__(
            name,
            sizes=(len(parts["train"]), len(parts["test"])),
            num_classes=None,
            transform=Copy(),
        )
        self.device = stored.nodes.device
        self._stored_graphs, self._parts = stored, dict(parts)

    @property
    def facts(self) -> Facts:
        """The number of features of a node."""
        return Facts(num_features=self._stored_graphs.nodes.shape[1])

    def batches(
        self,
        phase: Phase,
        *,
        batch_size: int,
        seed: int = 42,
        epoch: int = 0,
        start: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """Iterates over the batches of one pass over a phase; see `Dataset.batches`."""
        taken = self._pass(
            phase, 0, batch_size=batch_size, seed=seed, epoch=epoch, start=start, shard=shard
        )
        return self._stream(phase, taken)

    def _stream(self, phase: Phase, taken: Pass) -> Iterator[Batch]:
        part = self._parts["train" if phase == "train_eval" else phase]
        numbers = part[: sum(taken.sizes)] if taken.rows is None else part[taken.rows]
        for these in torch.split(numbers.to(self.device), taken.sizes) if taken.sizes else ():
            yield self._batch(these)

    def _fetch(self, phase: Phase, taken: Pass) -> Batch:
        return next(self._stream(phase, taken))

    def _batch(self, numbers: Tensor) -> Batch:
        stored = self._stored_graphs
        node_rows, node_counts = _rows(stored.node_ends, numbers)
        edge_rows, edge_counts = _rows(stored.edge_ends, numbers)
        graphs = Graphs(
            _padded(stored.nodes, node_rows, node_counts).float(),
            _padded(stored.edges, edge_rows, edge_counts).float(),
            _padded(stored.links, edge_rows, edge_counts).long(),
            node_counts,
            edge_counts,
        )
        return Batch(graphs, stored.targets[numbers])

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with its own validation set as phase `valid`; see `Dataset`.

        Raises:
            ValueError: If there is a validation split already.
        """
        del fraction, seed
        check_no_validation(self)
        held_out = copy.copy(self)
        held_out._valid_rows = torch.arange(len(self._parts["valid"]))
        return held_out

    def arrays(self, phase: Phase) -> Arrays:
        """Raises ValueError: graphs of many sizes are padded in batches only."""
        check_phase(self, phase)
        raise ValueError(f"{self.name} has graphs of many sizes: iterate over `batches`.")

    with_transform = Dataset.with_transform  # graphs have no transforms

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._stored_graphs = map_tensors(lambda part: part.to(device), self._stored_graphs)
        moved.device = moved._stored_graphs.nodes.device
        return moved


def _rows(ends: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the stored rows of some graphs, padded, `[N, most]`, and how many each has."""
    starts = ends[numbers]
    counts = ends[numbers + 1] - starts
    most = max(1, int(counts.max()))
    return starts[:, None] + torch.arange(most, device=ends.device), counts


def _padded(values: Tensor, rows: Tensor, counts: Tensor) -> Tensor:
    """Returns the values of the rows of each graph, with zeros after its last one."""
    missing = torch.arange(rows.shape[1], device=rows.device) >= counts[:, None]
    padded = values[rows.clamp(max=len(values) - 1)]
    padded[missing] = 0
    return padded
