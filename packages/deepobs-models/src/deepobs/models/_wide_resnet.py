"""Wide residual networks."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._layers import check_images, check_size, conv2d_same, initialise, out_size


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    # TensorFlow's fused operation raises the epsilon of 1e-5 that the original asks for.
    return nn.BatchNorm2d(channels, eps=1.001e-5, momentum=0.1)


class _Unit(nn.Module):
    """Pre-activation residual unit; the first one of a block projects its shortcut."""

    def __init__(self, fan_in: int, width: int, size: int, stride: int, *, first: bool) -> None:
        super().__init__()
        self.norm_1 = _batch_norm(fan_in)
        self.shortcut = nn.Conv2d(fan_in, width, 1, stride, bias=False) if first else None
        self.conv_1 = nn.Sequential(*conv2d_same(fan_in, width, 3, size, stride, bias=False))
        self.norm_2 = _batch_norm(width)
        self.conv_2 = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        activated = functional.relu(self.norm_1(inputs))
        shortcut = inputs if self.shortcut is None else self.shortcut(activated)
        residual: Tensor = self.conv_2(functional.relu(self.norm_2(self.conv_1(activated))))
        return residual + shortcut


class WideResNet(nn.Module):
    """Wide ResNet: three blocks of pre-activation units, 16, 32 and 64 times `width` channels.

    Batch normalisation has ε = 1.001e-5 and gives a new batch the weight 0.1 in its statistics.
    Weights start Glorot uniform; there is no dropout. (Zagoruyko and Komodakis, 2016,
    arXiv 1605.07146.)

    Args:
        depth: Number of layers, 6 n + 4 with n units a block.
        width: Factor of the number of channels.
        num_classes: Number of classes K.
        in_channels: Channels C of the images.
        image_size: Rows and columns of the images, at least 1.

    Raises:
        ValueError: There is no such depth, or the images are too small.
    """

    def __init__(
        self,
        depth: int = 16,
        width: int = 4,
        num_classes: int = 10,
        in_channels: int = 3,
        image_size: int = 32,
    ) -> None:
        super().__init__()
        units, rest = divmod(depth - 4, 6)
        if rest or units < 1:
            raise ValueError(
                f"A Wide ResNet of depth {depth} does not exist: 10, 16, 22, … (6 n + 4) do."
            )
        check_size(image_size, least=1)
        self.in_channels = in_channels
        self.image_size = image_size
        self.conv = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        widths = pairwise((16, 16 * width, 32 * width, 64 * width))
        blocks: list[nn.Module] = []
        size = image_size
        for (fan_in, channels), stride in zip(widths, (1, 2, 2), strict=True):
            blocks.append(_Unit(fan_in, channels, size, stride, first=True))
            size = out_size(size, stride)
            blocks += [_Unit(channels, channels, size, 1, first=False) for _ in range(units - 1)]
        self.units = nn.Sequential(*blocks)
        self.norm = _batch_norm(64 * width)
        self.dense = nn.Linear(64 * width, num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform, sets biases to zero and resets batch normalisation."""
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            images: `[N, in_channels, image_size, image_size]`.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_images(images, self.in_channels, self.image_size)
        features = functional.relu(self.norm(self.units(self.conv(images))))
        logits: Tensor = self.dense(torch.mean(features, (2, 3)))
        return logits
