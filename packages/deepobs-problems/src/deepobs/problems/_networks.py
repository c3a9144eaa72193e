"""Networks as problems need them: models that take a graph, or points of an equation."""

from __future__ import annotations

import math
import os
from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepobs.data import Batch, ConvectionPoints, Facts, FullBatchDataset, Graph, Phase, cora
from deepobs.models import GCN, Airbench94, TanhMLP, normalised_adjacency, patch_covariance

from ._metrics import Metric


class PreparedGraph(NamedTuple):
    """A graph with its adjacency matrix normalized once, instead of in every step.

    Attributes:
        features: Features of the nodes, sparse, `[nodes, F]`: an abstract has few of the words.
        adjacency: Normalized adjacency matrix, sparse, `[nodes, nodes]`.
        nodes: The nodes to classify, int64 `[N]`.
    """

    features: Tensor
    adjacency: Tensor
    nodes: Tensor


def prepared_cora(*, root: str | os.PathLike[str] | None = None) -> FullBatchDataset:
    """Returns Cora with inputs as `PreparedGraph`; its files are part of `deepobs.data`."""
    del root
    dataset = cora().with_validation()
    graph: Graph = next(dataset.batches("test", batch_size=1)).inputs
    adjacency = normalised_adjacency(graph.edges, len(graph.features))
    features = graph.features.to_sparse()

    def prepared(phase: Phase) -> Batch:
        size = dataset.num_examples(phase)
        inputs, targets = next(dataset.batches(phase, batch_size=size))
        return Batch(PreparedGraph(features, adjacency, inputs.nodes), targets)

    return FullBatchDataset(
        "cora",
        train=prepared("train"),
        valid=prepared("valid"),
        test=prepared("test"),
        facts=dataset.facts,
    )


class NodeClassifier(nn.Module):
    """A graph convolutional network that classifies the nodes of Cora."""

    def __init__(self) -> None:
        super().__init__()
        self.gcn = GCN()

    def forward(self, graph: PreparedGraph) -> Tensor:
        """Computes the logits `[N, K]` of the nodes `graph.nodes`."""
        logits: Tensor = self.gcn(graph.features, graph.adjacency)
        return logits[graph.nodes]


def first_layer(model: nn.Module) -> list[Tensor]:
    """Returns the kernel of the first layer, which is all that Kipf and Welling regularize."""
    assert isinstance(model, NodeClassifier)
    return [model.gcn.convolution_1.linear.weight]


def airbench94(facts: Facts | None = None) -> Airbench94:
    """Returns the network of airbench94 that whitens the patches of the data set's images."""
    sample = None if facts is None else facts.sample
    covariance = None if sample is None else patch_covariance(sample).cpu()
    return Airbench94(covariance, average_views=True)


class ConvectionOutput(NamedTuple):
    """What `ConvectionNetwork` returns, each `[n]`.

    Attributes:
        equation: Residual ∂u/∂t + β ∂u/∂x at the interior points.
        interior: u at the interior points.
        initial: u at the points with t = 0.
        lower: u at the points with x = 0.
        upper: u at the points with x = 2π.
    """

    equation: Tensor
    interior: Tensor
    initial: Tensor
    lower: Tensor
    upper: Tensor


class ConvectionNetwork(nn.Module):
    """A network u(x, t), and the residual of the convection equation that it leaves.

    Args:
        beta: The speed β of the equation.
        hidden: Widths of the hidden layers.
    """

    def __init__(self, beta: float = 40.0, hidden: tuple[int, ...] = (50, 50, 50, 50)) -> None:
        super().__init__()
        self.beta = beta
        self.network = TanhMLP(2, 1, hidden)

    def forward(self, points: ConvectionPoints) -> ConvectionOutput:
        """Computes values and residuals at the points, each of which is `[n, 2]`: (x, t)."""
        # With has_aux=False there are two results, which the types do not tell.
        interior, pull_back = torch.func.vjp(self.network, points.residual)  # type: ignore[misc]
        by_x, by_t = pull_back(torch.ones_like(interior))[0].unbind(1)
        others = torch.cat([points.initial, points.lower, points.upper])
        sizes = [len(points.initial), len(points.lower), len(points.upper)]
        values = self.network(others).squeeze(1).split(sizes)
        return ConvectionOutput(by_t + self.beta * by_x, interior.squeeze(1), *values)


def _error_and_size(output: ConvectionOutput, batch: Batch) -> tuple[Tensor, Tensor]:
    solution = batch.targets.residual
    return (output.interior - solution).square().sum(), solution.square().sum()


#: ‖u − u*‖ / ‖u*‖ over the interior points, with the exact solution u*.
RELATIVE_L2 = Metric(
    name="relative_l2_error", higher_is_better=False, parts=_error_and_size, finish=math.sqrt
)
