"""The graph network of AlgoPerf, against a second implementation written from its description.

The second one computes one graph at a time, with a loop over nodes and edges.
"""

import pytest
import torch
from torch import Tensor, nn

from deepobs.models import GraphNetwork

Weights = dict[str, Tensor]
# Nodes, and edges as pairs of nodes, of each graph; the last one has no edge.
GRAPHS: tuple[tuple[int, list[tuple[int, int]]], ...] = (
    (4, [(0, 1), (1, 0), (1, 2), (2, 1), (3, 3)]),
    (2, [(0, 1), (1, 0)]),
    (1, []),
)
OUTPUTS, WIDTH, STEPS = 6, 8, 3


def mlp(weights: Weights, name: str, vector: Tensor) -> Tensor:
    hidden = weights[f"{name}.0.weight"] @ vector + weights[f"{name}.0.bias"]
    centred = hidden - hidden.mean()
    hidden = centred / (centred.square().mean() + 1e-6).sqrt()
    return (hidden * weights[f"{name}.1.weight"] + weights[f"{name}.1.bias"]).clamp(min=0)


def output_of(
    weights: Weights, nodes: Tensor, edges: Tensor, pairs: list[tuple[int, int]]
) -> Tensor:
    """The outputs of one graph, `[K]`."""

    def dense(name: str, vector: Tensor) -> Tensor:
        return weights[f"{name}.weight"] @ vector + weights[f"{name}.bias"]

    node = [dense("node_embedder", row) for row in nodes]
    edge = [dense("edge_embedder", row) for row in edges]
    whole, nothing = nodes.new_zeros(OUTPUTS), nodes.new_zeros(WIDTH)
    for step in range(STEPS):
        name = f"steps.{step}"
        edge = [
            mlp(weights, f"{name}.edge_mlp", torch.cat((e, node[s], node[r], whole)))
            for e, (s, r) in zip(edge, pairs, strict=True)
        ]
        updated = []
        for i, vector in enumerate(node):
            sent = sum((e for e, (s, _) in zip(edge, pairs, strict=True) if s == i), nothing)
            received = sum((e for e, (_, r) in zip(edge, pairs, strict=True) if r == i), nothing)
            inputs = torch.cat((vector, sent, received, whole))
            updated.append(mlp(weights, f"{name}.node_mlp", inputs))
        node = updated
        inputs = torch.cat((sum(node, nothing), sum(edge, nothing), whole))
        whole = mlp(weights, f"{name}.graph_mlp", inputs)
    return dense("decoder", whole)


def network() -> GraphNetwork:
    torch.manual_seed(0)
    return GraphNetwork(5, 2, OUTPUTS, WIDTH, STEPS, dropout=0.0).double()


def examples() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, int]:
    """All graphs, one after the other."""
    torch.manual_seed(1)
    counts, pairs = [n for n, _ in GRAPHS], [p for _, p in GRAPHS]
    first = [0, 4, 6]
    ends = torch.tensor(
        [(f + s, f + r) for f, part in zip(first, pairs, strict=True) for s, r in part]
    )
    numbers = torch.arange(3)
    return (
        torch.randn(sum(counts), 5).double(),
        torch.randn(len(ends), 2).double(),
        *ends.T,
        numbers.repeat_interleave(torch.tensor(counts)),
        numbers.repeat_interleave(torch.tensor([len(part) for part in pairs])),
        3,
    )


def second(weights: Weights) -> Tensor:
    nodes, edges, *_ = examples()
    outputs, node, edge = [], 0, 0
    for count, pairs in GRAPHS:
        own = nodes[node : node + count], edges[edge : edge + len(pairs)]
        outputs.append(output_of(weights, *own, pairs))
        node, edge = node + count, edge + len(pairs)
    return torch.stack(outputs)


def test_outputs_and_gradients_are_those_of_the_second_implementation() -> None:
    """For three graphs at once, in float64."""
    model, target = network(), torch.linspace(-1, 1, 18).double().view(3, OUTPUTS)
    outputs = model(*examples())
    weights = {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters()}
    torch.testing.assert_close(outputs, second(weights))
    (outputs - target).square().sum().backward()
    loss = (second(weights) - target).square().sum()
    gradients = torch.autograd.grad(loss, list(weights.values()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_ten_steps_are_those_of_the_second_implementation() -> None:
    """Losses of SGD."""
    model, target = network(), torch.linspace(-1, 1, 18).double().view(3, OUTPUTS)
    weights = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.01), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = (model(*examples()) - target).square().sum()
        loss.backward()
        optimizer.step()
        leaves = {n: w.requires_grad_() for n, w in weights.items()}
        theirs = (second(leaves) - target).square().sum()
        gradients = torch.autograd.grad(theirs, list(leaves.values()))
        weights = {
            n: w.detach() - 0.01 * g for (n, w), g in zip(leaves.items(), gradients, strict=True)
        }
        torch.testing.assert_close(loss, theirs)
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_has_the_parameters_of_algoperf() -> None:
    """3.55 million."""
    assert sum(p.numel() for p in GraphNetwork().parameters()) == 3_554_176


def test_dropout_is_in_every_mlp() -> None:
    """Of edges, nodes and graphs, in each step."""
    rates = [m.p for m in GraphNetwork(dropout=0.3).modules() if isinstance(m, nn.Dropout)]
    assert rates == [0.3] * 15


def test_features_of_another_size_are_refused() -> None:
    """The message states both shapes."""
    with pytest.raises(ValueError, match=r"nodes of shape \[nodes, 9\], got \[7, 5\]"):
        GraphNetwork()(*examples())
