"""Inception v3."""

import pytest
import torch
from torch import nn

from deepobs.models import InceptionOutput, InceptionV3


@pytest.fixture(scope="module")
def model() -> InceptionV3:
    torch.manual_seed(0)
    return InceptionV3(num_classes=7)


def test_both_heads_in_training_one_in_evaluation(model: InceptionV3) -> None:
    """The auxiliary head is computed in training only."""
    images = torch.rand(2, 3, 40, 40)
    output = model.train()(images)
    assert isinstance(output, InceptionOutput)
    assert output.logits.shape == output.aux_logits.shape == (2, 7)
    with torch.no_grad():
        assert model.eval()(images).shape == (2, 7)


def test_trunk_ends_with_seventeen_rows_and_768_channels(model: InceptionV3) -> None:
    """The blocks reduce 299 rows to 35, 17 and 8."""
    model.eval()
    features, rows = torch.rand(1, 3, 299, 299), []
    with torch.no_grad():
        for layer in model.trunk:
            features = layer(features)
            rows.append(features.shape[-1])
        assert features.shape == (1, 768, 17, 17)
        assert model.head[2](model.head[1](model.head[0](features))).shape == (1, 2048, 8, 8)
    assert rows == [149, 147, 147, 73, 73, 71, 35, 35, 35, 35, 17, 17, 17, 17, 17]


def test_batch_normalisation_follows_the_original(model: InceptionV3) -> None:
    """ε is 1e-3, and a batch has the weight 0.0003 in the moving statistics."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 96
    assert all(norm.eps == 1e-3 and norm.momentum == pytest.approx(3e-4) for norm in norms)


def test_dropout_is_off_unless_asked_for(model: InceptionV3) -> None:
    """An argument turns on the dropout that the original asks for without effect."""
    probabilities = [
        layer.p
        for network in (model, InceptionV3(num_classes=2, dropout=0.2))
        for layer in network.modules()
        if isinstance(layer, nn.Dropout)
    ]
    assert probabilities == [0.0, 0.2]
