"""All-CNN-C, a network of convolutions only."""

from torch import nn

from ._checks import check_least
from ._layers import ImageClassifier, conv2d_same, glorot_normal_, initialise, out_size


class AllCNNC(ImageClassifier):
    """All-CNN-C: nine convolutions, two of them with stride 2, then the mean over all pixels.

    ReLU follows every convolution, including the last, so no logit is negative. Dropout is 0.2 on
    the input and 0.5 after each convolution with stride 2. Kernels are initialized Glorot normal,
    biases at 0.1.

    Source: Springenberg et al., Striving for Simplicity, ICLR 2015 workshop, arXiv 1412.6806.

    Args:
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        image_size: Rows and columns of the images, at least 9.

    Raises:
        ValueError: If image_size is below 9.
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 100, image_size: int = 32) -> None:
        check_least("an image_size", image_size, 9)
        half = out_size(image_size, 2)
        super().__init__(
            nn.Dropout(0.2),
            *conv2d_same(in_channels, 96, 3, image_size),
            nn.ReLU(),
            *conv2d_same(96, 96, 3, image_size),
            nn.ReLU(),
            *conv2d_same(96, 96, 3, image_size, stride=2),
            nn.ReLU(),
            nn.Dropout(0.5),
            *conv2d_same(96, 192, 3, half),
            nn.ReLU(),
            *conv2d_same(192, 192, 3, half),
            nn.ReLU(),
            *conv2d_same(192, 192, 3, half, stride=2),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Conv2d(192, 192, 3),
            nn.ReLU(),
            nn.Conv2d(192, 192, 1),
            nn.ReLU(),
            nn.Conv2d(192, num_classes, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            in_channels=in_channels,
            image_size=image_size,
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws kernels Glorot normal and sets biases to 0.1."""
        initialise(self, conv=glorot_normal_, bias=0.1)
