"""The graph convolutional network, against PyTorch Geometric's."""

import pytest
import torch

from deepobs.models import GCN, normalised_adjacency
from deepobs.models._gcn import dropped

EDGES = torch.tensor([[0, 1, 2, 2, 3], [1, 2, 0, 3, 4]])


def test_adjacency_of_a_path() -> None:
    """0 - 1 - 2: degrees with loops are 2, 3 and 2."""
    adjacency = normalised_adjacency(torch.tensor([[0, 1], [1, 2]]), 3)
    assert adjacency.is_sparse
    assert adjacency.is_coalesced()
    mixed = 1 / 6**0.5
    expected = torch.tensor([[1 / 2, mixed, 0], [mixed, 1 / 3, mixed], [0, mixed, 1 / 2]])
    torch.testing.assert_close(adjacency.to_dense(), expected)


def test_direction_repetition_and_loops_do_not_count() -> None:
    """The graph is undirected, without multiple edges, and every node has one loop."""
    plain = normalised_adjacency(EDGES, 5)
    every = torch.cat((EDGES, EDGES.flip(0), EDGES, torch.tensor([[1, 4], [1, 4]])), 1)
    assert torch.equal(normalised_adjacency(every, 5).to_dense(), plain.to_dense())


def test_nodes_without_edges() -> None:
    """A node without edges is connected with itself only."""
    adjacency = normalised_adjacency(torch.empty(2, 0, dtype=torch.long), 3)
    assert torch.equal(adjacency.to_dense(), torch.eye(3))


@pytest.mark.parametrize("edges", [[[0], [5]], [[-1], [0]]])
def test_nodes_that_do_not_exist(edges: list[list[int]]) -> None:
    """The message states the nodes that there are."""
    with pytest.raises(ValueError, match="Expected nodes from 0 to 4"):
        normalised_adjacency(torch.tensor(edges), 5)


def test_edges_of_another_shape() -> None:
    """Pairs in rows are refused."""
    with pytest.raises(ValueError, match=r"Expected edges of shape \[2, E\], got \[5, 2\]"):
        normalised_adjacency(EDGES.T, 5)


def test_sparse_and_dense_adjacency_give_the_same() -> None:
    """Outputs and gradients do not depend on the layout of the matrix."""
    torch.manual_seed(0)
    model, features = GCN(4, 3).double().eval(), torch.rand(5, 4, dtype=torch.float64)
    sparse = normalised_adjacency(EDGES, 5).double()
    outputs = [model(features, adjacency) for adjacency in (sparse, sparse.to_dense())]
    torch.testing.assert_close(*outputs)
    gradients = [torch.autograd.grad(o.square().sum(), list(model.parameters())) for o in outputs]
    torch.testing.assert_close(*gradients)


def test_sparse_and_dense_features_give_the_same() -> None:
    """Outputs and gradients do not depend on the layout of the features."""
    torch.manual_seed(0)
    model, adjacency = GCN(4, 3).double().eval(), normalised_adjacency(EDGES, 5).double()
    features = torch.rand(5, 4, dtype=torch.float64).relu() * torch.eye(5, 4).double()
    outputs = [model(given, adjacency) for given in (features, features.to_sparse())]
    torch.testing.assert_close(*outputs)
    gradients = [torch.autograd.grad(o.square().sum(), list(model.parameters())) for o in outputs]
    torch.testing.assert_close(*gradients)


def test_dropout_of_sparse_features_drops_half_and_doubles_the_rest() -> None:
    """Of 10,000 stored values about half are dropped; the others are doubled."""
    torch.manual_seed(0)
    kept = dropped(torch.nn.Dropout(0.5), torch.ones(100, 100).to_sparse()).to_dense()
    assert kept.unique().tolist() == [0.0, 2.0]
    # Five standard deviations of the mean of 10,000 values of 0 or 2.
    assert abs(kept.mean().item() - 1) < 5 / 100


def test_layers_are_those_of_pytorch_geometric() -> None:
    """At equal weights two GCNConv layers with ReLU between them give the same logits."""
    geometric = pytest.importorskip(
        "torch_geometric.nn", reason="compares with PyTorch Geometric, which is not installed"
    )
    torch.manual_seed(0)
    model = GCN(4, 3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    first, second = geometric.GCNConv(4, 16), geometric.GCNConv(16, 3)
    for ours, theirs in ((model.convolution_1, first), (model.convolution_2, second)):
        theirs.load_state_dict({"lin.weight": ours.linear.weight, "bias": ours.bias})
    features, edges = torch.rand(5, 4), torch.cat((EDGES, EDGES.flip(0)), 1)
    expected = second(first(features, edges).relu(), edges)
    actual = model(features, normalised_adjacency(EDGES, 5))
    torch.testing.assert_close(actual, expected)


def test_dropout_acts_on_both_inputs_in_training_only() -> None:
    """With dropout of everything only the last bias is left."""
    model = GCN(4, 3, dropout=1.0)
    torch.nn.init.constant_(model.convolution_2.bias, 2.0)
    features, adjacency = torch.rand(5, 4), normalised_adjacency(EDGES, 5)
    assert (model(features, adjacency) == 2.0).all()
    assert not (model.eval()(features, adjacency) == 2.0).any()


def test_number_of_parameters_for_cora() -> None:
    """1433 words, 16 hidden features and 7 classes."""
    number = sum(p.numel() for p in GCN().parameters())
    assert number == 1433 * 16 + 16 + 16 * 7 + 7
