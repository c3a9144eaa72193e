"""What the regularizer counts, and how."""

import torch
from torch import nn

from deepobs.problems import build, convolution_kernels, kernels


def model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def test_kernels_are_weights_of_convolutions_and_linear_layers() -> None:
    """Neither biases nor batch normalisation's scale are counted."""
    assert [tuple(w.shape) for w in kernels(model())] == [(2, 1, 3, 3), (3, 8)]


def test_convolution_kernels_leave_linear_layers_out() -> None:
    """As in VGG, whose dense layers the original does not regularise."""
    assert [tuple(w.shape) for w in convolution_kernels(model())] == [(2, 1, 3, 3)]


def test_regularizer_is_half_the_factor_times_the_sum_of_squares(stand_ins: str) -> None:
    """½ · factor · Σw², with gradient factor · w."""
    built = build("cifar10_3c3d", weight_decay=0.5, data_root=stand_ins)
    regularizer = built.regularizer()
    weights = kernels(built.model)
    expected = 0.25 * sum((w.double() ** 2).sum() for w in weights)
    torch.testing.assert_close(regularizer.double(), expected, rtol=1e-5, atol=0)
    regularizer.backward()
    torch.testing.assert_close(weights[0].grad, 0.5 * weights[0])


def test_weight_decay_zero_turns_it_off(stand_ins: str) -> None:
    """Factor 0 gives 0 and adds nothing to the objective."""
    built = build("cifar10_3c3d", weight_decay=0, data_root=stand_ins, batch_size=4)
    batch = next(iter(built.batches("train")))
    assert built.regularizer().item() == 0
    torch.testing.assert_close(built.objective(batch), built.losses(batch).mean())
