"""A graph convolutional network."""

import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from ._checks import check_shape

torch.fx.wrap("check_shape")
torch.fx.wrap("dropped")
torch.fx.wrap("product")


class GraphConvolution(nn.Module):
    """Graph convolution Â X W + b with the normalized adjacency matrix Â.

    W is initialized Glorot uniform, b at 0. (Kipf and Welling, ICLR 2017, arXiv 1609.02907.)

    Args:
        in_features: Number of features of a node F.
        out_features: Number of features of a node in the output G.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias=False)
        self.bias = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws W Glorot uniform and sets b to zero."""
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.bias)

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        """Computes `[nodes, G]` from features `[nodes, F]` and adjacency `[nodes, nodes]`."""
        output: Tensor = adjacency @ product(features, self.linear.weight) + self.bias
        return output


class GCN(nn.Module):
    """Graph convolutional network with two layers, for the classification of nodes.

    It computes Â ReLU(Â X W₁ + b₁) W₂ + b₂, with dropout of the input of both layers. Weights are
    initialized Glorot uniform, biases at 0. The defaults are those for Cora.

    Source: Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks,
    ICLR 2017, arXiv 1609.02907.

    Args:
        in_features: Number of features of a node F.
        num_classes: Number of classes K.
        hidden_size: Number of features of a node between the layers.
        dropout: Probability of dropout.

    Raises:
        ValueError: If dropout is not a probability.

    Example:
        >>> edges = torch.tensor([[0, 1], [1, 2]])  # 0 - 1 - 2
        >>> GCN(4, 2)(torch.rand(3, 4), normalised_adjacency(edges, 3)).shape
        torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int = 1433,
        num_classes: int = 7,
        hidden_size: int = 16,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.dropout = nn.Dropout(dropout)
        self.convolution_1 = GraphConvolution(in_features, hidden_size)
        self.convolution_2 = GraphConvolution(hidden_size, num_classes)

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform and sets biases to zero."""
        self.convolution_1.reset_parameters()
        self.convolution_2.reset_parameters()

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        """Computes the logits of every node.

        Args:
            features: Features of the nodes X, `[nodes, F]`, dense or sparse (COO). Sparse ones
                save most of the time if few are not zero, as in bags of words.
            adjacency: Normalized adjacency matrix Â, `[nodes, nodes]`, dense or sparse; see
                `normalised_adjacency`. `torch.compile` supports dense arguments only.

        Returns:
            Logits `[nodes, K]`.

        Raises:
            ValueError: If the features have another shape.
        """
        check_shape(features, "features", "nodes", self.in_features)
        hidden = self.convolution_1(dropped(self.dropout, features), adjacency)
        logits: Tensor = self.convolution_2(self.dropout(functional.relu(hidden)), adjacency)
        return logits


def dropped(dropout: nn.Module, features: Tensor) -> Tensor:
    """Returns features after dropout; of sparse ones it needs to drop only the stored values."""
    if not features.is_sparse:
        return dropout(features)  # type: ignore[no-any-return]
    features = features.coalesce()
    values = dropout(features.values())
    return torch.sparse_coo_tensor(
        features.indices(), values, features.shape, is_coalesced=True, check_invariants=False
    )


def product(features: Tensor, weight: Tensor) -> Tensor:
    """Returns X Wᵀ, `[nodes, G]`, of features X, dense or sparse, and a weight `[G, F]`."""
    if not features.is_sparse:
        return functional.linear(features, weight)
    result: Tensor = torch.sparse.mm(features, weight.T)
    return result


def normalised_adjacency(edges: Tensor, num_nodes: int) -> Tensor:
    """Returns the normalized adjacency matrix Â = D^(-1/2) (A + I) D^(-1/2) of a graph.

    A is symmetric with entries 0 and 1: the direction of an edge and repetitions of it count for
    nothing, and every node has one loop. D is diagonal with the row sums of A + I.

    Source: Kipf and Welling, ICLR 2017, arXiv 1609.02907, equation 2.

    Args:
        edges: Pairs of nodes, int64 `[2, E]`.
        num_nodes: Number of nodes.

    Returns:
        A sparse COO tensor `[num_nodes, num_nodes]` of float32; `.to_dense()` makes it dense.

    Raises:
        ValueError: If edges are not `[2, E]`, or contain a number that is not a node.
    """
    check_shape(edges, "edges", 2, "E")
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < num_nodes:
        raise ValueError(
            f"Expected nodes from 0 to {num_nodes - 1},"
            f" got {int(edges.min())} to {int(edges.max())}."
        )
    loops = torch.arange(num_nodes, device=edges.device).expand(2, -1)
    pairs = torch.unique(torch.cat((edges, edges.flip(0), loops), 1), dim=1)
    scale = torch.bincount(pairs[0], minlength=num_nodes).float().rsqrt()
    values = scale[pairs[0]] * scale[pairs[1]]
    size = (num_nodes, num_nodes)
    return torch.sparse_coo_tensor(pairs, values, size, is_coalesced=True, check_invariants=True)
