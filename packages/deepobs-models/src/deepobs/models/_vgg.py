"""VGG with 16 or 19 layers."""

from itertools import pairwise

import torch.fx
from torch import Tensor, nn

from ._checks import check_least, check_shape
from ._layers import (
    ImageClassifier,
    conv2d_same,
    glorot_normal_,
    initialise,
    max_pool2d_same,
    out_size,
    resize_bilinear,
)

torch.fx.wrap("check_shape")
torch.fx.wrap("resize_bilinear")  # depends on the size of its input

_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_WIDTHS = (64, 128, 256, 512, 512)


class VGG(ImageClassifier):
    """VGG: five blocks of 3×3 convolutions with max pooling, and two dense layers of 4096.

    Images of any size are resized to image_size bilinearly, as TensorFlow 1 did. Convolutions are
    initialized Glorot normal, dense layers Glorot uniform, biases at 0.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015, arXiv 1409.1556,
    configurations D and E.

    Args:
        depth: Number of convolutions and dense layers, 16 or 19.
        num_classes: Number of classes K.
        in_channels: Channels C of the images.
        image_size: Rows and columns that images are resized to, at least 1.
        dropout: Probability of dropout after each of the two dense layers.

    Raises:
        ValueError: If depth is neither 16 nor 19, image_size is below 1, or dropout is not
            a probability.
    """

    def __init__(
        self,
        depth: int = 16,
        num_classes: int = 1001,
        in_channels: int = 3,
        image_size: int = 224,
        dropout: float = 0.5,
    ) -> None:
        if depth not in _CONVOLUTIONS:
            raise ValueError(f"Expected a VGG of depth 16 or 19, got {depth}.")
        check_least("an image_size", image_size, 1)
        layers: list[nn.Module] = []
        size = image_size
        widths = pairwise((in_channels, *_WIDTHS))
        for (fan_in, width), count in zip(widths, _CONVOLUTIONS[depth], strict=True):
            for position in range(count):
                layers += conv2d_same(width if position else fan_in, width, 3, size)
                if position < count - 1:
                    layers.append(nn.ReLU())
            # ReLU after max pooling gives the same numbers for a quarter of the work.
            layers += [max_pool2d_same(2, 2, size), nn.ReLU()]
            size = out_size(size, 2)
        super().__init__(
            *layers,
            nn.Flatten(),
            nn.Linear(512 * size * size, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
            in_channels=in_channels,
            image_size=image_size,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws convolutions Glorot normal, dense layers Glorot uniform; sets biases to zero."""
        initialise(self, conv=glorot_normal_)

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            images: `[N, in_channels, H, W]`, of any size.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", self.in_channels, "H", "W")
        size = (self.image_size, self.image_size)
        return super().forward(resize_bilinear(images, size))
