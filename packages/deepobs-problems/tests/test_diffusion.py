"""The diffusion model of MNIST: what it sees, and what its loss means."""

import math
from typing import Any

import torch
from torch import nn

from deepobs.problems import MeanSquaredError, build


class Silent(nn.Module):
    """Predicts that there is no noise."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, inputs):
        return self.scale * inputs.images


def test_predicting_no_noise_costs_the_mean_square_of_the_noise(stand_ins: str) -> None:
    """Exactly for the noise that was drawn, and 1 on average: E ε² = 1."""
    built = build("mnist_ddpm", batch_size=20, data_root=stand_ins)
    new = [built.losses(batch) for batch in built.batches("train")]
    built.model = Silent()
    (batch,) = built.batches("train")
    losses = built.losses(batch)
    torch.testing.assert_close(losses, batch.targets.square().flatten(1).mean(1))
    values = batch.targets.numel()
    # ε² has the variance 2, so that the mean of n of them has the deviation √(2 / n).
    assert abs(losses.mean() - 1) < 5 * math.sqrt(2 / values)
    torch.testing.assert_close(new[0], losses)  # a new network predicts no noise either


def test_the_network_sees_images_from_minus_one_to_one(stand_ins: str) -> None:
    """And noisy images of all steps; the target is the noise."""
    built = build("mnist_ddpm", batch_size=20, data_root=stand_ins)
    inputs, targets = next(built.batches("train"))
    assert inputs.images.min() == -1
    assert inputs.images.max() == 1
    assert 0 <= inputs.steps.min() < 300 < 700 < inputs.steps.max() < 1000
    assert torch.equal(inputs.noise, targets)
    diffusion: Any = built.model.diffusion
    assert diffusion.num_steps == 1000


def test_every_evaluation_of_a_run_has_the_same_draws(stand_ins: str) -> None:
    """A trained model is compared with itself on equal noise; another run has other noise."""
    built = build("mnist_ddpm", batch_size=4, data_root=stand_ins)
    built.model = Silent()
    before = built.evaluate("test")
    for batch in built.batches("train"):
        built.losses(batch)
    assert built.evaluate("test") == before
    other = build("mnist_ddpm", batch_size=4, data_root=stand_ins, seed=1)
    other.model = Silent()
    assert other.evaluate("test") != before


def test_mean_squared_error_averages_over_the_values_of_an_example() -> None:
    """(1 + 4) / 2 and (0 + 16) / 2, and the mean of both."""
    output, target = torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert MeanSquaredError("none")(output, target).tolist() == [2.5, 8.0]
    assert MeanSquaredError()(output, target).item() == 5.25
