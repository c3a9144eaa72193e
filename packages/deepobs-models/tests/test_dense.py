"""Logistic regression and the multilayer perceptron."""

import pytest
import torch
from torch import nn

from deepobs.models import MLP, LogisticRegression


def test_logistic_regression_starts_at_zero():
    """All logits are zero at the start, whatever the input."""
    assert (LogisticRegression()(torch.rand(4, 1, 28, 28)) == 0).all()


def test_mlp_has_relu_between_its_layers_only():
    """The layers are dense, ReLU, dense, … and end with the logits."""
    kinds = [type(layer) for layer in MLP(6, 3, hidden=(5, 4))]
    dense_relu = [nn.Linear, nn.ReLU]
    assert kinds == [nn.Flatten, *dense_relu, *dense_relu, nn.Linear]


@pytest.mark.parametrize("shape", [(2, 6), (2, 1, 2, 3), (2, 6, 1)])
def test_inputs_are_flattened(shape):
    """Any shape with in_features values an example will do."""
    assert MLP(6, 3, hidden=(5, 4))(torch.zeros(shape)).shape == (2, 3)


def test_number_of_features_is_checked():
    """The message names the number that is expected."""
    with pytest.raises(ValueError, match="takes 784 values an example"):
        LogisticRegression()(torch.zeros(2, 783))
