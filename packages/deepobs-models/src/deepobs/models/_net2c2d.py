"""Two convolutions and two dense layers."""

from functools import partial

from torch import nn

from ._checks import check_least
from ._layers import (
    ImageClassifier,
    conv2d_same,
    initialise,
    max_pool2d_same,
    out_size,
    truncated_normal_,
)


class Net2C2D(ImageClassifier):
    """Two 5×5 convolutions (32, 64) with 2×2 max pooling, and two dense layers (1024, K).

    ReLU follows every layer but the last. Weights are initialized truncated normal with standard
    deviation 0.05, biases at 0.05. All layers are from `torch.nn`, so BackPACK can extend it.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        image_size: Rows and columns of the images, at least 1.

    Raises:
        ValueError: If image_size is below 1.
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 10, image_size: int = 28) -> None:
        check_least("an image_size", image_size, 1)
        half = out_size(image_size, 2)
        quarter = out_size(half, 2)
        # ReLU after max pooling gives the same numbers for a quarter of the work.
        super().__init__(
            *conv2d_same(in_channels, 32, 5, image_size),
            max_pool2d_same(2, 2, image_size),
            nn.ReLU(),
            *conv2d_same(32, 64, 5, half),
            max_pool2d_same(2, 2, half),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * quarter * quarter, 1024),
            nn.ReLU(),
            nn.Linear(1024, num_classes),
            in_channels=in_channels,
            image_size=image_size,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights from a truncated normal (0.05) and sets biases to 0.05."""
        fill = partial(truncated_normal_, std=0.05)
        initialise(self, conv=fill, linear=fill, bias=0.05)
