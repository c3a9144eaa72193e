"""Logistic regression and multilayer perceptrons."""

import pytest
import torch
from torch import nn

from deepobs.models import MLP, LogisticRegression, TanhMLP


def test_logistic_regression_starts_at_zero() -> None:
    """The initial logits are zero for every input."""
    assert (LogisticRegression()(torch.rand(4, 1, 28, 28)) == 0).all()


def test_mlp_has_relu_between_its_layers_only() -> None:
    """The layers are dense, ReLU, dense, … and end with the logits."""
    kinds = [type(layer) for layer in MLP(6, 3, hidden=(5, 4))]
    dense_relu = [nn.Linear, nn.ReLU]
    assert kinds == [nn.Flatten, *dense_relu, *dense_relu, nn.Linear]


@pytest.mark.parametrize("shape", [(2, 6), (2, 1, 2, 3), (2, 6, 1)])
def test_inputs_are_flattened(shape: tuple[int, ...]) -> None:
    """Inputs of any shape with in_features values in each example are accepted."""
    assert MLP(6, 3, hidden=(5, 4))(torch.zeros(shape)).shape == (2, 3)


def test_number_of_features_is_checked() -> None:
    """The message names the number that is expected."""
    with pytest.raises(ValueError, match="with 784 values in each example"):
        LogisticRegression()(torch.zeros(2, 783))


def test_tanh_mlp_has_tanh_between_its_layers_only() -> None:
    """The layers are dense, tanh, dense, … and end with the values."""
    kinds = [type(layer) for layer in TanhMLP(2, 1, hidden=(5, 4))]
    assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]


def test_tanh_mlp_has_derivatives_with_respect_to_its_points() -> None:
    """The second derivative along x agrees with a central difference."""
    torch.manual_seed(0)
    model, points = TanhMLP().double(), torch.rand(4, 2, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(model(points).sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope[:, 0].sum(), points)
    step = torch.tensor([1e-4, 0.0], dtype=torch.float64)
    ahead, here, behind = (model(points + shift)[:, 0] for shift in (step, 0 * step, -step))
    # Truncation and rounding of the difference are both about 1e-8.
    expected = (ahead - 2 * here + behind) / 1e-8
    torch.testing.assert_close(curvature[:, 0], expected, rtol=1e-5, atol=1e-6)
