"""A convolutional variational autoencoder of 28×28 images."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ._layers import check_images, conv2d_same, conv_transpose2d_same, initialise


class VAEOutput(NamedTuple):
    """What a `VAE` returns.

    Attributes:
        reconstruction: Reconstructed images `[N, 1, 28, 28]`, between 0 and 1.
        mean: Mean μ of the approximate posterior `[N, latent_size]`.
        log_std: Logarithm of its standard deviation, log σ `[N, latent_size]`.
    """

    reconstruction: Tensor
    mean: Tensor
    log_std: Tensor


class VAE(nn.Module):
    """Variational autoencoder with a convolutional encoder and decoder.

    The encoder has three 4×4 convolutions of 64 channels (strides 2, 2, 1) and a dense head each
    for μ and log σ; the decoder two dense layers (24, 49), three transposed 4×4 convolutions of 64
    channels (strides 2, 1, 1) and a dense layer with a sigmoid. z = μ + ε exp(log σ).
    Weights start Glorot uniform, biases at 0. (Kingma and Welling, 2014, arXiv 1312.6114.)

    Args:
        latent_size: Number of latent variables.
        dropout: Probability of dropout after each convolution but the last.

    Raises:
        ValueError: Dropout is no probability.
    """

    def __init__(self, latent_size: int = 8, dropout: float = 0.2) -> None:
        super().__init__()
        self.latent_size = latent_size
        slope = 0.3
        self.encoder = nn.Sequential(
            *conv2d_same(1, 64, 4, size=28, stride=2),
            nn.LeakyReLU(slope),
            nn.Dropout(dropout),
            *conv2d_same(64, 64, 4, size=14, stride=2),
            nn.LeakyReLU(slope),
            nn.Dropout(dropout),
            *conv2d_same(64, 64, 4, size=7),
            nn.LeakyReLU(slope),
            nn.Dropout(dropout),
            nn.Flatten(),
        )
        self.mean_head = nn.Linear(64 * 7 * 7, latent_size)
        self.log_variance_head = nn.Linear(64 * 7 * 7, latent_size)
        self.decoder = nn.Sequential(
            nn.Linear(latent_size, 24),
            nn.LeakyReLU(slope),
            nn.Linear(24, 49),
            nn.LeakyReLU(slope),
            nn.Unflatten(1, (1, 7, 7)),
            *conv_transpose2d_same(1, 64, 4, size=7, stride=2),
            nn.ReLU(),
            nn.Dropout(dropout),
            *conv_transpose2d_same(64, 64, 4, size=14),
            nn.ReLU(),
            nn.Dropout(dropout),
            *conv_transpose2d_same(64, 64, 4, size=14),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 14 * 14, 784),
            nn.Sigmoid(),
            nn.Unflatten(1, (1, 28, 28)),
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform and sets biases to zero."""
        initialise(self)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Computes the approximate posterior.

        Args:
            images: `[N, 1, 28, 28]`.

        Returns:
            μ and log σ, both `[N, latent_size]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_images(images, 1, 28)
        features = self.encoder(images)
        return self.mean_head(features), 0.5 * self.log_variance_head(features)

    def decode(self, latent: Tensor) -> Tensor:
        """Computes images `[N, 1, 28, 28]` from latent variables `[N, latent_size]`."""
        images: Tensor = self.decoder(latent)
        return images

    def forward(self, images: Tensor, epsilon: Tensor | None = None) -> VAEOutput:
        """Encodes, draws latent variables and decodes.

        Args:
            images: `[N, 1, 28, 28]` between 0 and 1.
            epsilon: Standard normal noise `[N, latent_size]`; drawn when None, in evaluation too.

        Returns:
            Reconstruction, mean and logarithmic standard deviation.

        Raises:
            ValueError: If the images have another shape.
        """
        mean, log_std = self.encode(images)
        if epsilon is None:
            epsilon = torch.randn_like(mean)
        return VAEOutput(self.decode(mean + epsilon * log_std.exp()), mean, log_std)
