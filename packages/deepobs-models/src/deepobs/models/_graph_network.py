"""A graph network that predicts properties of whole graphs."""

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._roles import Role

torch.fx.wrap("check_shape")


class GraphNetwork(nn.Module):
    """Graph network with MLPs for edges, nodes and whole graphs.

    Nodes and edges pass a linear layer each; every graph starts with a vector of zeros. In each
    step an edge is updated from itself, its sender, its receiver and its graph; a node from itself,
    the sums of the edges that leave and that enter it, and its graph; a graph from the sums of its
    nodes and edges, and itself. A linear layer maps each graph's last vector to the outputs. An MLP
    has one hidden layer: linear, layer normalization with ε = 1e-6, ReLU, dropout. Linear layers
    start as `nn.Linear` does. The defaults have 3,554,176 parameters.

    Source: Battaglia et al., Relational Inductive Biases, Deep Learning, and Graph Networks, 2018,
    arXiv 1806.01261, algorithm 1, with separate sums of sent and received edges; sizes of the ogbg
    workload of Dahl et al., Benchmarking Neural Network Training Algorithms (AlgoPerf), 2023, arXiv
    2306.07179.

    Args:
        node_features: Number of features of a node F.
        edge_features: Number of features of an edge D.
        num_outputs: Number of outputs K, which is also the size of a graph's first vector.
        width: Size of each vector.
        steps: Number of message-passing steps.
        dropout: Probability of dropout.

    Raises:
        ValueError: If dropout is not a probability.

    Example:
        >>> path = torch.tensor([0, 1]), torch.tensor([1, 2])  # 0 → 1 → 2
        >>> inputs = torch.rand(3, 9), torch.rand(2, 3), *path
        >>> one = torch.zeros(3, dtype=torch.long), torch.zeros(2, dtype=torch.long), 1
        >>> GraphNetwork()(*inputs, *one).shape
        torch.Size([1, 128])
    """

    def __init__(
        self,
        node_features: int = 9,
        edge_features: int = 3,
        num_outputs: int = 128,
        width: int = 256,
        steps: int = 5,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.node_features, self.num_outputs = node_features, num_outputs
        self.node_embedder = nn.Linear(node_features, width)
        self.edge_embedder = nn.Linear(edge_features, width)
        sizes = (num_outputs, *[width] * (steps - 1))
        self.steps = nn.ModuleList(_Step(width, size, dropout) for size in sizes)
        self.decoder = nn.Linear(width, num_outputs)

    def declared_roles(self) -> dict[str, Role]:
        """Returns the embedders' matrices as hidden ones; see `parameter_roles`."""
        return {"*_embedder.weight": Role.HIDDEN, "decoder.weight": Role.OUTPUT}

    def reset_parameters(self) -> None:
        """Draws linear layers as their own and resets normalization."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.LayerNorm):
                module.reset_parameters()

    def forward(
        self,
        nodes: Tensor,
        edges: Tensor,
        senders: Tensor,
        receivers: Tensor,
        node_graphs: Tensor,
        edge_graphs: Tensor,
        num_graphs: int,
    ) -> Tensor:
        """Computes the outputs of each graph.

        Args:
            nodes: Features of the nodes of all graphs, `[nodes, F]`.
            edges: Features of the edges, `[edges, D]`.
            senders: The node that each edge leaves, int64 `[edges]`.
            receivers: The node that it enters, int64 `[edges]`.
            node_graphs: The graph of each node, int64 `[nodes]`.
            edge_graphs: The graph of each edge, int64 `[edges]`.
            num_graphs: Number of graphs N.

        Returns:
            Outputs `[N, K]`.

        Raises:
            ValueError: If the nodes have another shape.
        """
        check_shape(nodes, "nodes", "nodes", self.node_features)
        nodes, edges = self.node_embedder(nodes), self.edge_embedder(edges)
        graphs = nodes.new_zeros(num_graphs, self.num_outputs)
        for step in self.steps:
            nodes, edges, graphs = step(
                nodes, edges, graphs, senders, receivers, node_graphs, edge_graphs
            )
        outputs: Tensor = self.decoder(graphs)
        return outputs


class _Step(nn.Module):
    """One step of message passing."""

    def __init__(self, width: int, graph_size: int, dropout: float) -> None:
        super().__init__()
        self.edge_mlp = _mlp(3 * width + graph_size, width, dropout)
        self.node_mlp = _mlp(3 * width + graph_size, width, dropout)
        self.graph_mlp = _mlp(2 * width + graph_size, width, dropout)

    def forward(
        self,
        nodes: Tensor,
        edges: Tensor,
        graphs: Tensor,
        senders: Tensor,
        receivers: Tensor,
        node_graphs: Tensor,
        edge_graphs: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Updates edges, then nodes, then graphs."""
        ends = (nodes[senders], nodes[receivers])
        edges = self.edge_mlp(torch.cat((edges, *ends, graphs[edge_graphs]), -1))
        sums = [total_of(edges, index, nodes) for index in (senders, receivers)]
        nodes = self.node_mlp(torch.cat((nodes, *sums, graphs[node_graphs]), -1))
        sums = [total_of(nodes, node_graphs, graphs), total_of(edges, edge_graphs, graphs)]
        return nodes, edges, self.graph_mlp(torch.cat((*sums, graphs), -1))


def _mlp(inputs: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.LayerNorm(width, eps=1e-6), nn.ReLU(), nn.Dropout(dropout)
    )


@torch.fx.wrap
def total_of(values: Tensor, index: Tensor, like: Tensor) -> Tensor:
    """Adds up the rows of values that have the same index, into as many rows as `like` has."""
    totals = values.new_zeros(like.shape[0], values.shape[1])
    return totals.index_add(0, index, values)
