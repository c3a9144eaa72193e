"""The network of airbench94, which learns CIFAR-10 in seconds."""

import math

import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from ._checks import check_shape

torch.fx.wrap("check_shape")

_PATCH = 2  # rows and columns of a whitening filter
_WHITENED = 3 * _PATCH**2  # values of a patch, and eigenvectors of their covariance
_IMAGE_SIZE = 32


class Airbench94(nn.Module):
    """Network of airbench94 for CIFAR-10: whitening, three groups of convolutions, a small head.

    The first layer has 24 fixed filters of 2×2 pixels: the eigenvectors of the covariance of image
    patches, divided by √(eigenvalue + 5e-4), and their negatives. Only its bias is trained. Each
    group is convolution, max pooling, batch normalization, GELU, convolution, batch normalization,
    GELU. Batch normalization has a trained bias and no trained gain, ε = 1e-12, and running
    statistics that move by 0.4 a step. The logits are multiplied by 1/9.

    Convolutions start as `nn.Conv2d` does, except that their first filters, one for each input
    channel, pass that channel on unchanged; the head starts as `nn.Linear` does, biases at 0. It
    has 1,971,352 trained parameters.

    Source: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, arXiv 2404.00498.

    Args:
        patch_covariance: Second moments E[p pᵀ] of the 2×2 patches p of the images, flattened in
            the order channel, row, column, `[12, 12]`; None for the identity, which makes each
            filter a single pixel. See `patch_covariance`.
        num_classes: Number of classes K.
        widths: Channels of the three groups.
        average_views: Whether evaluation mode averages the logits of six views of an image: as it
            is, moved by one pixel up and left, or down and right (a half of the weight), each also
            mirrored. The paper's accuracies are with them.

    Raises:
        ValueError: If the covariance has another shape.

    Example:
        >>> images = torch.randn(2, 3, 32, 32)
        >>> Airbench94(patch_covariance(images))(images).shape
        torch.Size([2, 10])
    """

    patch_covariance: Tensor

    def __init__(
        self,
        patch_covariance: Tensor | None = None,
        num_classes: int = 10,
        widths: tuple[int, int, int] = (64, 256, 256),
        *,
        average_views: bool = False,
    ) -> None:
        super().__init__()
        covariance = torch.eye(_WHITENED) if patch_covariance is None else patch_covariance
        check_shape(covariance, "a patch_covariance", _WHITENED, _WHITENED)
        covariance = covariance.to(torch.get_default_dtype(), copy=True)
        self.register_buffer("patch_covariance", covariance, persistent=False)
        self.average_views = average_views
        self.whitening = nn.Conv2d(3, 2 * _WHITENED, _PATCH)
        self.whitening.weight.requires_grad_(False)
        self.groups = nn.Sequential(
            *(
                _Group(fan_in, channels)
                for fan_in, channels in zip((2 * _WHITENED, *widths), widths, strict=False)
            )
        )
        self.pool = nn.MaxPool2d(3)
        self.head = nn.Linear(widths[-1], num_classes, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the weights, resets normalization, and computes the whitening filters."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
                module.reset_parameters()
        for module in self.groups.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.dirac_(module.weight.detach()[: module.in_channels])
        assert self.whitening.bias is not None
        nn.init.zeros_(self.whitening.bias)
        filters = whitening_filters(self.patch_covariance)
        with torch.no_grad():
            self.whitening.weight.copy_(filters.view_as(self.whitening.weight))

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            images: `[N, 3, 32, 32]`, each channel with mean 0 and standard deviation 1.

        Returns:
            Logits `[N, K]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", 3, _IMAGE_SIZE, _IMAGE_SIZE)
        if self.training or not self.average_views:
            return self._logits(images)
        padded = functional.pad(images, (1, 1, 1, 1), mode="reflect")
        moved = (padded[..., i : i + _IMAGE_SIZE, i : i + _IMAGE_SIZE] for i in (0, 2))
        first, second = (self._of_both_sides(view) for view in moved)
        return 0.5 * self._of_both_sides(images) + 0.25 * (first + second)

    def _of_both_sides(self, images: Tensor) -> Tensor:
        """Returns the mean logits of images and their mirror images."""
        return 0.5 * (self._logits(images) + self._logits(images.flip(-1)))

    def _logits(self, images: Tensor) -> Tensor:
        hidden = self.groups(functional.gelu(self.whitening(images)))
        logits: Tensor = self.head(self.pool(hidden).flatten(1))
        return logits / 9


class _Group(nn.Module):
    """Two convolutions with batch normalization and GELU; the first halves rows and columns."""

    def __init__(self, fan_in: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, channels, 3, padding=1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.norm1 = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
        for norm in (self.norm1, self.norm2):
            norm.weight.requires_grad_(False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Computes `[N, channels, H / 2, W / 2]` from `[N, fan_in, H, W]`."""
        hidden = functional.gelu(self.norm1(self.pool(self.conv1(hidden))))
        return functional.gelu(self.norm2(self.conv2(hidden)))


def patch_covariance(images: Tensor) -> Tensor:
    """Returns the second moments E[p pᵀ] of the 2×2 patches p of images.

    Args:
        images: `[N, 3, H, W]`, as the network sees them.

    Returns:
        float64 `[12, 12]`, with the values of a patch in the order channel, row, column.

    Raises:
        ValueError: If the images have another shape.
    """
    check_shape(images, "images", "N", 3, "H", "W")
    total = torch.zeros(_WHITENED, _WHITENED, dtype=torch.float64, device=images.device)
    for part in torch.split(images, 500):  # all patches at once would take sixteen times the images
        patches = functional.unfold(part, _PATCH).transpose(0, 1).flatten(1)
        total += (patches @ patches.T).double()
    return total / (len(images) * math.prod(side - _PATCH + 1 for side in images.shape[2:]))


def whitening_filters(covariance: Tensor, eps: float = 5e-4) -> Tensor:
    """Returns the filters that make patches uncorrelated, and their negatives.

    The largest entry of each of the former is positive, so that they are the same on all machines.

    Args:
        covariance: Second moments of patches, `[n, n]`.
        eps: Added to each eigenvalue.

    Returns:
        `[2 n, n]`, the filters of the largest eigenvalues first.
    """
    eigenvalues, vectors = torch.linalg.eigh(covariance.double())
    filters = (vectors / (eigenvalues + eps).sqrt()).T.flip(0)
    largest = filters.gather(1, filters.abs().argmax(1, keepdim=True))
    filters = filters * largest.sign()
    return torch.cat((filters, -filters))
