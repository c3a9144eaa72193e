"""A convolutional variational autoencoder of 28×28 images."""

from typing import NamedTuple

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._layers import conv2d_same, conv_transpose2d_same, initialise

torch.fx.wrap("check_shape")


class VAEOutput(NamedTuple):
    """Output of a `VAE`.

    Attributes:
        reconstruction: Reconstructed images, `[N, 1, 28, 28]`, between 0 and 1.
        mean: Mean μ of the approximate posterior, `[N, latent_size]`.
        log_std: Logarithm log σ of its standard deviation, `[N, latent_size]`.
    """

    reconstruction: Tensor
    mean: Tensor
    log_std: Tensor


class VAE(nn.Module):
    """Variational autoencoder with a convolutional encoder and decoder.

    The encoder has three 4×4 convolutions of 64 channels (strides 2, 2, 1) and one dense head each
    for μ and log σ. The decoder has two dense layers (24, 49), three transposed 4×4 convolutions of
    64 channels (strides 2, 1, 1) and a dense layer with a sigmoid. Its input is z = μ + σ ε with
    standard normal ε. Weights are initialized Glorot uniform, biases at 0.

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014, arXiv 1312.6114; layers
    after Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        latent_size: Number of latent variables.
        dropout: Probability of dropout after each convolution but the last one of the decoder.

    Raises:
        ValueError: If dropout is not a probability.
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
        """Computes mean and deviation of the approximate posterior.

        Args:
            images: `[N, 1, 28, 28]`.

        Returns:
            μ and log σ, both `[N, latent_size]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", 1, 28, 28)
        features = self.encoder(images)
        return self.mean_head(features), 0.5 * self.log_variance_head(features)

    def decode(self, latent: Tensor) -> Tensor:
        """Returns the images `[N, 1, 28, 28]` of latent variables `[N, latent_size]`."""
        images: Tensor = self.decoder(latent)
        return images

    def forward(self, images: Tensor, epsilon: Tensor | None = None) -> VAEOutput:
        """Encodes, draws latent variables and decodes.

        Args:
            images: `[N, 1, 28, 28]` between 0 and 1.
            epsilon: Standard normal noise ε, `[N, latent_size]`. If None it is drawn, in evaluation
                as well as in training.

        Returns:
            Reconstruction, mean and logarithmic standard deviation.

        Raises:
            ValueError: If the images have another shape.
        """
        mean, log_std = self.encode(images)
        noise = _noise(epsilon, mean)
        return VAEOutput(self.decode(mean + noise * log_std.exp()), mean, log_std)


@torch.fx.wrap
def _noise(epsilon: Tensor | None, mean: Tensor) -> Tensor:
    """Returns the noise given, or draws it in the shape of the mean."""
    return torch.randn_like(mean) if epsilon is None else epsilon
