"""A network of convolutions only."""

from torch import nn

from ._layers import ImageClassifier, check_size, conv2d_same, glorot_normal_, initialise, out_size


class AllCNNC(ImageClassifier):
    """All-CNN-C: nine convolutions, two of them with stride 2, and the mean over all places.

    ReLU follows every convolution, the last included, so that no logit is negative. Dropout of 0.2
    on the input and of 0.5 after each stride. Kernels start Glorot normal, biases at 0.1.
    (Springenberg et al., 2015, arXiv 1412.6806.)

    Args:
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        image_size: Rows and columns of the images, at least 9.

    Raises:
        ValueError: The images are too small.
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 100, image_size: int = 32) -> None:
        check_size(image_size, least=9)
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
