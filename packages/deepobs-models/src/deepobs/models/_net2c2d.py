"""Two convolutions and two dense layers."""

from functools import partial

from torch import nn

from ._layers import (
    ImageClassifier,
    check_size,
    conv2d_same,
    initialise,
    max_pool2d_same,
    out_size,
    truncated_normal_,
)


class Net2C2D(ImageClassifier):
    """Two 5×5 convolutions (32, 64) with 2×2 max pooling, a dense layer of 1024 and the logits.

    ReLU after every layer but the last. Weights start as truncated normal with standard deviation
    0.05, biases at 0.05, as in DeepOBS. It consists of plain `torch.nn` layers, so BackPACK extends
    it. (Schneider, Balles and Hennig, ICLR 2019, arXiv 1903.05499.)

    Args:
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        image_size: Rows and columns of the images, at least 1.

    Raises:
        ValueError: The images are too small.
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 10, image_size: int = 28) -> None:
        check_size(image_size, least=1)
        half = out_size(image_size, 2)
        quarter = out_size(half, 2)
        # Max pooling comes before ReLU: the same numbers for a quarter of the work.
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
