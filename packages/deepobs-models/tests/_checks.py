"""Checks and models that several tests share."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import torch
from torch import nn

from deepobs.models import Role


def check(roles: Mapping[str, Role], expected: Mapping[str, str]) -> None:
    """Each parameter matches one pattern and has its role; each pattern matches something."""
    role_of = {pattern: role for role, patterns in expected.items() for pattern in patterns.split()}
    for name, role in roles.items():
        matches = [pattern for pattern in role_of if fnmatchcase(name, pattern)]
        assert [(name, role_of[pattern]) for pattern in matches] == [(name, role)]
    for pattern in role_of:
        assert any(fnmatchcase(name, pattern) for name in roles), pattern


class Transformer(nn.Module):
    """Token and position embeddings, torch's own encoder, and an output layer."""

    def __init__(self, *, tied: bool = False) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, 4, 8))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.tokens = nn.Embedding(12, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 12, bias=False)
        if tied:
            self.head.weight = self.tokens.weight
