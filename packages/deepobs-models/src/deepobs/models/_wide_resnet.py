"""Wide residual networks."""

from itertools import pairwise

import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from ._checks import check_least, check_shape
from ._layers import conv2d_same, initialise, out_size

torch.fx.wrap("check_shape")


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    # The original asks for ε = 1e-5, which TensorFlow's fused operation raises to this.
    return nn.BatchNorm2d(channels, eps=1.001e-5, momentum=0.1)


class _Unit(nn.Module):
    """Pre-activation residual unit; the first unit of a block projects its shortcut."""

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
    """Wide ResNet: three blocks of pre-activation units with 16, 32 and 64 times `width` channels.

    Batch normalization has ε = 1.001e-5 and momentum 0.1. Weights are initialized Glorot uniform.
    There is no dropout.

    Source: Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016, arXiv 1605.07146.

    Args:
        depth: Number of layers, 6 n + 4 for n units in each block.
        width: Factor of the number of channels.
        num_classes: Number of classes K.
        in_channels: Channels C of the images.
        image_size: Rows and columns of the images, at least 1.

    Raises:
        ValueError: If depth is not 6 n + 4 with n ≥ 1, or image_size is below 1.
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
            raise ValueError(f"Expected a depth of 10, 16, 22, … (6 n + 4), got {depth}.")
        check_least("an image_size", image_size, 1)
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
        """Draws weights Glorot uniform, sets biases to zero and resets batch normalization."""
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
        check_shape(images, "images", "N", self.in_channels, self.image_size, self.image_size)
        features = functional.relu(self.norm(self.units(self.conv(images))))
        logits: Tensor = self.dense(torch.mean(features, (2, 3)))
        return logits
