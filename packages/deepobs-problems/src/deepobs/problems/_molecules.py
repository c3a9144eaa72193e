"""A graph network that predicts the results of assays of molecules."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from deepobs.data import DATASETS, Graphs
from deepobs.models import GraphNetwork

from ._losses import Reduction
from ._problem import Problem
from ._ranking import MEAN_AVERAGE_PRECISION


class MoleculeNetwork(nn.Module):
    """A graph network on padded graphs, whose edges it takes in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.network = GraphNetwork()

    def forward(self, graphs: Graphs) -> Tensor:
        """Computes the logits `[N, K]` of the graphs."""
        nodes, node_graphs = _joined(graphs.nodes, graphs.node_counts)
        edges, edge_graphs = _joined(graphs.edges, graphs.edge_counts)
        links, _ = _joined(graphs.links, graphs.edge_counts)
        first = graphs.node_counts.cumsum(0) - graphs.node_counts
        one, other = (links + first[edge_graphs][:, None]).unbind(1)
        logits: Tensor = self.network(
            nodes,
            edges.repeat(2, 1),
            torch.cat((one, other)),
            torch.cat((other, one)),
            node_graphs,
            edge_graphs.repeat(2),
            len(graphs.node_counts),
        )
        return logits


def _joined(padded: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the rows of all graphs one after the other, and the graph of each."""
    there = torch.arange(padded.shape[1], device=padded.device) < counts[:, None]
    graph, row = there.nonzero(as_tuple=True)
    return padded[graph, row], graph


class KnownCrossEntropy(nn.Module):
    """Binary cross entropy of the targets that are known, added up and divided by all tasks.

    The targets that are NaN count for nothing. AlgoPerf divides by the number of known targets of
    the batch instead, which makes the loss of an example depend on the others.

    Args:
        reduction: `"none"` for one value an example, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Logits `[N, K]` and targets `[N, K]` to losses `[N]` or a scalar."""
        known = ~targets.isnan()
        each = binary_cross_entropy_with_logits(logits, targets.nan_to_num(0), reduction="none")
        losses = torch.where(known, each, 0).mean(1)
        return losses.mean() if self.reduction == "mean" else losses


MOLECULES = (
    Problem(
        name="molpcba_gnn",
        description="Graph network that predicts the results of 128 assays of molecules",
        dataset=DATASETS["ogbg_molpcba"],
        model=MoleculeNetwork,
        loss=KnownCrossEntropy,
        metrics=(MEAN_AVERAGE_PRECISION,),
        batch_size=512,
        steps_per_epoch=1000,
        epochs=52,
        convergence_target=0.268729,
        reference="Dahl et al., AlgoPerf, 2023, arXiv 2306.07179; Hu et al., OGB, NeurIPS 2020",
        notes="AlgoPerf's workload ogbg, its test target and 52,000 steps. Its loss has another"
        " factor. The convergence target is what the source reports; it is not reproduced here.",
        extra=True,
    ),
)
