"""Inception v3 with its auxiliary head."""

from typing import NamedTuple

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._layers import initialise, resize_bilinear
from ._roles import Role

torch.fx.wrap("check_shape")
torch.fx.wrap("resize_bilinear")  # depends on the size of its input

_SIZE = (299, 299)


class InceptionOutput(NamedTuple):
    """Output of an `InceptionV3` in training.

    Attributes:
        logits: Logits of the main head, `[N, K]`.
        aux_logits: Logits of the auxiliary head, `[N, K]`.
    """

    logits: Tensor
    aux_logits: Tensor


def _conv(
    fan_in: int, width: int, kernel: int | tuple[int, int], stride: int = 1, *, same: bool = True
) -> nn.Sequential:
    """Returns a convolution without bias, batch normalization and ReLU.

    Kernels have an odd number of rows and columns; `same` padding assumes stride 1.
    """
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (rows // 2, columns // 2) if same else (0, 0)
    return nn.Sequential(
        nn.Conv2d(fan_in, width, (rows, columns), stride, padding, bias=False),
        nn.BatchNorm2d(width, eps=1e-3, momentum=1 - 0.9997),
        nn.ReLU(),
    )


def _chain(fan_in: int, *layers: tuple[int, int | tuple[int, int]]) -> nn.Sequential:
    """Returns `same` convolutions in sequence, each given as (width, kernel)."""
    modules = []
    for width, kernel in layers:
        modules.append(_conv(fan_in, width, kernel))
        fan_in = width
    return nn.Sequential(*modules)


def _average_pool() -> nn.AvgPool2d:
    return nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)


class _Branches(nn.Module):
    """Modules with the same input, whose outputs are concatenated along the channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.cat([branch(inputs) for branch in self.branches], 1)


def _block_5(fan_in: int, pool_width: int) -> _Branches:
    return _Branches(
        _conv(fan_in, 64, 1),
        nn.Sequential(_average_pool(), _conv(fan_in, pool_width, 1)),
        _chain(fan_in, (48, 1), (64, 5)),
        _chain(fan_in, (64, 1), (96, 3), (96, 3)),
    )


def _block_10() -> _Branches:
    return _Branches(
        nn.MaxPool2d(3, 2),
        _conv(288, 384, 3, 2, same=False),
        nn.Sequential(_chain(288, (64, 1), (96, 3)), _conv(96, 96, 3, 2, same=False)),
    )


def _block_6(width: int) -> _Branches:
    row, column = (1, 7), (7, 1)
    return _Branches(
        _conv(768, 192, 1),
        nn.Sequential(_average_pool(), _conv(768, 192, 1)),
        _chain(768, (width, 1), (width, row), (192, column)),
        _chain(768, (width, 1), (width, column), (width, row), (width, column), (192, row)),
    )


def _block_d() -> _Branches:
    return _Branches(
        nn.MaxPool2d(3, 2),
        nn.Sequential(
            _chain(768, (192, 1), (192, (1, 7)), (192, (7, 1))),
            _conv(192, 192, 3, 2, same=False),
        ),
        nn.Sequential(_conv(768, 192, 1), _conv(192, 320, 3, 2, same=False)),
    )


def _block_7(fan_in: int) -> _Branches:
    def split(fan_in: int) -> _Branches:
        return _Branches(_conv(fan_in, 384, (1, 3)), _conv(fan_in, 384, (3, 1)))

    return _Branches(
        _conv(fan_in, 320, 1),
        nn.Sequential(_conv(fan_in, 384, 1), split(384)),
        nn.Sequential(_chain(fan_in, (448, 1), (384, 3)), split(384)),
        nn.Sequential(_average_pool(), _conv(fan_in, 192, 1)),
    )


class InceptionV3(nn.Module):
    """Inception v3 with an auxiliary head, which is only computed in training.

    Images of any size are resized to 299×299 bilinearly, as TensorFlow 1 did. Batch normalization
    has ε = 1e-3 and momentum 0.0003. Weights are initialized Glorot uniform, biases at 0.

    Source: Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, arXiv 1512.00567.

    Args:
        num_classes: Number of classes K.
        in_channels: Channels C of the images.
        dropout: Probability of dropout before the output layer. The default is 0 because DeepOBS
            1.1 trains without dropout: it asks for it, but its call has no effect.

    Raises:
        ValueError: If dropout is not a probability.
    """

    def __init__(self, num_classes: int = 1001, in_channels: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.trunk = nn.Sequential(
            _conv(in_channels, 32, 3, 2, same=False),
            _conv(32, 32, 3, same=False),
            _conv(32, 64, 3),
            nn.MaxPool2d(3, 2),
            _conv(64, 80, 1),
            _conv(80, 192, 3, same=False),
            nn.MaxPool2d(3, 2),
            _block_5(192, 32),
            _block_5(256, 64),
            _block_5(288, 64),
            _block_10(),
            _block_6(128),
            _block_6(160),
            _block_6(160),
            _block_6(192),
        )
        self.aux_head = nn.Sequential(
            nn.AvgPool2d(5, 3),
            _conv(768, 128, 1),
            _conv(128, 768, 5, same=False),
            nn.Flatten(),
            nn.Linear(768, num_classes),
        )
        self.head = nn.Sequential(
            _block_d(),
            _block_7(1280),
            _block_7(2048),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(2048, num_classes),
        )
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns the output layer of both heads as roles; see `parameter_roles`."""
        return {"aux_head.4.weight": Role.OUTPUT, "head.6.weight": Role.OUTPUT}

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform, sets biases to zero and resets batch normalization."""
        initialise(self)

    def forward(self, images: Tensor) -> Tensor | InceptionOutput:
        """Computes the logits.

        Args:
            images: `[N, in_channels, H, W]`, of any size.

        Returns:
            The logits `[N, num_classes]` of both heads in training, and those of the main head in
            evaluation.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", self.in_channels, "H", "W")
        features = self.trunk(resize_bilinear(images, _SIZE))
        if self.training:
            return InceptionOutput(aux_logits=self.aux_head(features), logits=self.head(features))
        logits: Tensor = self.head(features)
        return logits
