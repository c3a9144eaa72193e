"""The diffusion model of MNIST."""

from __future__ import annotations

import os

from torch import Tensor, nn

from deepobs.data import DiffusionDataset, DiffusionInputs, Normalize, mnist
from deepobs.models import DDPM

from ._losses import MeanSquaredError
from ._problem import Problem

NUM_STEPS = 1000  # of the diffusion


def noisy_mnist(*, root: str | os.PathLike[str] | None = None) -> DiffusionDataset:
    """Returns MNIST with pixels from -1 to 1, and noise and steps of a diffusion."""
    images = mnist(root=root).with_transform(Normalize((0.5,), (0.5,)))
    return DiffusionDataset(images, num_steps=NUM_STEPS)


class Denoiser(nn.Module):
    """A diffusion model that takes its inputs as one structure."""

    def __init__(self) -> None:
        super().__init__()
        self.diffusion = DDPM(num_steps=NUM_STEPS)

    def forward(self, inputs: DiffusionInputs) -> Tensor:
        """Predicts the noise in noisy images, `[N, 1, 28, 28]`."""
        predicted: Tensor = self.diffusion(inputs.images, inputs.noise, inputs.steps)
        return predicted


DIFFUSION = (
    Problem(
        name="mnist_ddpm",
        description="Denoising diffusion with a small U-Net that predicts the noise in MNIST",
        dataset=noisy_mnist,
        model=Denoiser,
        loss=MeanSquaredError,
        stochastic=False,
        batch_size=64,
        epochs=20,
        evaluation_batches=16,
        extra=True,
        reference="Ho, Jain and Abbeel, Denoising Diffusion Probabilistic Models, NeurIPS 2020",
        notes="Schedule and loss are the paper's; network, batch size and length are ours. The loss"
        " of a model that predicts no noise at all, as a new one does, is 1 on average.",
    ),
)
