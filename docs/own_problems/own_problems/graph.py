"""A graph: all nodes at once, of which some are labelled; a full-batch problem."""

from functools import partial

import torch
from torch import nn

from deepobs.data import Batch, FullBatchDataset
from deepobs.models import GCN, normalised_adjacency
from deepobs.problems import Problem, top1


def ring(root=None) -> FullBatchDataset:
    nodes = torch.arange(60)
    features = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    features[:, :3] += nn.functional.one_hot(nodes // 20)
    edges = normalised_adjacency(torch.stack([nodes, (nodes + 1) % 60]), 60)
    train, test = (Batch((features, edges, some), some // 20) for some in (nodes[::4], nodes[1::2]))
    return FullBatchDataset("ring", train=train, test=test)


class Network(GCN):
    def forward(self, inputs):
        features, edges, nodes = inputs
        return super().forward(features, edges)[nodes]


RING = Problem(
    name="ring",
    description="A graph convolutional network tells the arcs of a ring apart",
    reference="The guide to problems of your own",
    dataset=ring,
    model=partial(Network, in_features=8, num_classes=3),
    loss=nn.CrossEntropyLoss,
    correct=top1,
    batch_size=15,
    full_batch=True,
    epochs=20,
)
