"""TensorFlow's `same` padding, resizing and initial distributions."""

import math
from collections.abc import Callable

import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from ._checks import check_shape

torch.fx.wrap("check_shape")

# Standard deviation of a standard normal cut at ±2: with its density φ and distribution function Φ,
# √(1 − 4 φ(2) / (2 Φ(2) − 1)). TensorFlow divides by this number, digit for digit.
_STD_AFTER_CUT = 0.87962566103423978


def same_padding(size: int, kernel: int, stride: int = 1) -> tuple[int, int]:
    """Returns the rows (or columns) that `same` padding adds before and after an image.

    The output has ⌈size / stride⌉ rows. If the total is odd, the extra row comes after the image.

    Args:
        size: Rows of the input.
        kernel: Rows of the window.
        stride: Step of the window.
    """
    total = max((out_size(size, stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def out_size(size: int, stride: int) -> int:
    """Returns the number of rows of the output of a `same` convolution or pooling."""
    return math.ceil(size / stride)


def conv2d_same(
    in_channels: int, out_channels: int, kernel: int, size: int, stride: int = 1, bias: bool = True
) -> list[nn.Module]:
    """Returns a convolution with `same` padding, as modules to call one after the other.

    Equal padding on both sides is left to the convolution, which needs no copy for it.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Rows and columns of the kernel.
        size: Rows and columns of the input. With stride 1 the padding does not depend on it.
        stride: Step of the kernel.
        bias: Whether the convolution has a bias.
    """
    before, after = same_padding(size, kernel, stride)
    if before == after:
        return [nn.Conv2d(in_channels, out_channels, kernel, stride, before, bias=bias)]
    return [
        nn.ZeroPad2d((before, after, before, after)),
        nn.Conv2d(in_channels, out_channels, kernel, stride, bias=bias),
    ]


def conv_transpose2d_same(
    in_channels: int, out_channels: int, kernel: int, size: int, stride: int = 1
) -> list[nn.Module]:
    """Returns a transposed convolution with `same` padding, as modules to call in order.

    It is the transpose of a `same` convolution, so its output has size · stride rows. The layer's
    `padding` cuts the same number of rows from both sides; a negative pad cuts one more at the end.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Rows and columns of the kernel.
        size: Rows and columns of the input.
        stride: Step of the kernel.
    """
    before, after = same_padding(size * stride, kernel, stride)
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(in_channels, out_channels, kernel, stride, before)
    ]
    if after > before:
        layers.append(nn.ZeroPad2d((0, before - after, 0, before - after)))
    return layers


def max_pool2d_same(kernel: int, stride: int, size: int) -> nn.MaxPool2d:
    """Returns a max pooling with `same` padding, for windows of at most three rows.

    Padding after the image only is what `ceil_mode` does, without a copy.

    Args:
        kernel: Rows and columns of the window.
        stride: Step of the window.
        size: Rows and columns of the input.

    Raises:
        ValueError: If the padding is unequal and not only after the image.
    """
    before, after = same_padding(size, kernel, stride)
    if before == after:
        return nn.MaxPool2d(kernel, stride, padding=before)
    if before == 0:
        return nn.MaxPool2d(kernel, stride, ceil_mode=True)
    raise ValueError(
        f"A {kernel}×{kernel} max pooling of {size} rows needs unequal padding, which"
        " nn.MaxPool2d does not have."
    )


class ImageClassifier(nn.Sequential):
    """Layers in sequence for images of one size.

    BackPACK can extend it if it can extend the layers.

    Args:
        *layers: Modules, called in order.
        in_channels: Channels C of the images.
        image_size: Rows and columns of the images.
    """

    def __init__(self, *layers: nn.Module, in_channels: int, image_size: int) -> None:
        super().__init__(*layers)
        self.in_channels = in_channels
        self.image_size = image_size

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
        for layer in self:
            images = layer(images)
        return images


def resize_bilinear(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resizes images bilinearly as TensorFlow 1 does, without half-pixel centers.

    Row i of the result is interpolated at row i · H / rows of the source. PyTorch has no such mode,
    but its aligned corners compute i · ((H + 1) − 1) / ((rows + 1) − 1) if source and result have
    one row more. The added row of the source repeats the last one; the added row of the result is
    dropped. Columns likewise.

    Args:
        images: `[N, C, H, W]`.
        size: Rows and columns of the result.

    Returns:
        Images `[N, C, rows, columns]`.
    """
    if images.shape[-2:] == size:
        return images
    padded = functional.pad(images, (0, 1, 0, 1), mode="replicate")
    resized = functional.interpolate(
        padded, size=(size[0] + 1, size[1] + 1), mode="bilinear", align_corners=True
    )
    return resized[..., :-1, :-1]


def truncated_normal_(weight: Tensor, std: float) -> Tensor:
    """Fills a tensor with normal draws; those beyond two standard deviations are redrawn.

    Args:
        weight: The tensor to fill.
        std: Standard deviation before the cut (afterwards it is 0.8796 times that).
    """
    return nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


def glorot_normal_(weight: Tensor) -> Tensor:
    """Fills a tensor as TensorFlow's Glorot normal does: a normal cut at two deviations.

    The variance after the cut is 2 / (fan_in + fan_out) (Glorot and Bengio, AISTATS 2010).

    Args:
        weight: The tensor to fill.
    """
    fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(weight)
    return truncated_normal_(weight, math.sqrt(2 / (fan_in + fan_out)) / _STD_AFTER_CUT)


def initialise(
    module: nn.Module,
    *,
    conv: Callable[[Tensor], Tensor] = nn.init.xavier_uniform_,
    linear: Callable[[Tensor], Tensor] = nn.init.xavier_uniform_,
    bias: float = 0.0,
) -> None:
    """Initializes every layer of a network, in order of definition.

    Batch normalization starts at γ = 1, β = 0, mean 0, variance 1.

    Args:
        module: The network.
        conv: Fills the kernel of a convolution, transposed or not.
        linear: Fills the matrix of a dense layer.
        bias: Initial value of all biases but those of batch normalization.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            conv(layer.weight)
        elif isinstance(layer, nn.Linear):
            linear(layer.weight)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
            continue
        else:
            continue
        if layer.bias is not None:
            nn.init.constant_(layer.bias, bias)
