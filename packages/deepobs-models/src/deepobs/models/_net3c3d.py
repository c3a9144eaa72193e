"""Three convolutions and three dense layers."""

from torch import nn

from ._checks import check_least
from ._layers import (
    ImageClassifier,
    conv2d_same,
    glorot_normal_,
    initialise,
    max_pool2d_same,
    out_size,
)


class Net3C3D(ImageClassifier):
    """Three convolutions (64, 96, 128) with max pooling, and three dense layers (512, 256, K).

    The first kernel is 5×5; the other kernels and the pooling windows are 3×3. Pooling has stride
    2. ReLU follows every layer but the last. Convolutions are initialized Glorot normal, dense
    layers Glorot uniform, biases at 0. All layers are from `torch.nn`, so BackPACK can extend it.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        image_size: Rows and columns of the images, at least 9.

    Raises:
        ValueError: If image_size is below 9.
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 10, image_size: int = 32) -> None:
        check_least("an image_size", image_size, 9)
        size_1 = image_size - 4
        size_2 = out_size(size_1, 2) - 2
        size_3 = out_size(size_2, 2)
        size_4 = out_size(size_3, 2)
        # ReLU after max pooling gives the same numbers for a quarter of the work.
        super().__init__(
            nn.Conv2d(in_channels, 64, 5),
            max_pool2d_same(3, 2, size_1),
            nn.ReLU(),
            nn.Conv2d(64, 96, 3),
            max_pool2d_same(3, 2, size_2),
            nn.ReLU(),
            *conv2d_same(96, 128, 3, size_3),
            max_pool2d_same(3, 2, size_3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128 * size_4 * size_4, 512),
            nn.ReLU(),
            nn.Linear(512, 256),
            nn.ReLU(),
            nn.Linear(256, num_classes),
            in_channels=in_channels,
            image_size=image_size,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws convolutions Glorot normal, dense layers Glorot uniform; sets biases to zero."""
        initialise(self, conv=glorot_normal_)
