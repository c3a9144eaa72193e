"""What the architectures share: TensorFlow's `same` padding and initial distributions."""

import math
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

# Standard deviation of a standard normal cut at ±2: with its density φ and distribution function Φ,
# √(1 − 4 φ(2) / (2 Φ(2) − 1)). TensorFlow divides by this very number.
_STD_AFTER_CUT = 0.87962566103423978


def same_padding(size: int, kernel: int, stride: int = 1) -> tuple[int, int]:
    """Rows (or columns) that TensorFlow's `same` padding adds before and after an image.

    The output has ⌈size / stride⌉ rows. An odd total puts the extra row after the image.

    Args:
        size: Rows of the input.
        kernel: Rows of the window.
        stride: Step of the window.
    """
    total = max((out_size(size, stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def out_size(size: int, stride: int) -> int:
    """Rows that are left after a `same` convolution or pooling."""
    return math.ceil(size / stride)


def conv2d_same(
    in_channels: int, out_channels: int, kernel: int, size: int, stride: int = 1, bias: bool = True
) -> list[nn.Module]:
    """A convolution with `same` padding, as modules to be called one after the other.

    Padding that is the same on both sides belongs to the convolution, which costs no copy.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Rows and columns of the kernel.
        size: Rows and columns of the input; with stride 1 the padding does not depend on it.
        stride: Step of the kernel.
        bias: Whether there is a bias.
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
    """A transposed convolution with `same` padding, as modules to be called one after the other.

    It is the transpose of a `same` convolution, so its output has size · stride rows. What is to be
    cut from both sides is the layer's padding; one row more at the end is cut by a negative pad.

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
    """A max pooling with `same` padding, for windows of at most three rows.

    Padding only behind the image is what `ceil_mode` does, without a copy.

    Args:
        kernel: Rows and columns of the window.
        stride: Step of the window.
        size: Rows and columns of the input.

    Raises:
        ValueError: The padding would be unequal with some of it before the image.
    """
    before, after = same_padding(size, kernel, stride)
    if before == after:
        return nn.MaxPool2d(kernel, stride, padding=before)
    if before == 0:
        return nn.MaxPool2d(kernel, stride, ceil_mode=True)
    raise ValueError(f"A {kernel}×{kernel} max pooling of {size} rows needs unequal padding.")


def check_images(images: Tensor, channels: int, size: int | None = None) -> None:
    """Raises a ValueError unless images are `[N, channels, size, size]`; None is any size."""
    wanted = ("H", "W") if size is None else (size, size)
    sizes = wanted if size is None and images.ndim == 4 else images.shape[2:]
    if (*images.shape[1:2], *sizes) != (channels, *wanted):
        raise ValueError(
            f"Images of shape {list(images.shape)} do not fit: this network takes"
            f" [N, {channels}, {wanted[0]}, {wanted[1]}]."
        )


def check_size(image_size: int, *, least: int) -> None:
    """Raises a ValueError unless images have at least so many rows."""
    if image_size < least:
        verb = "is" if least == 1 else "are"
        raise ValueError(
            f"Images of {image_size} rows are too small: {least} {verb} needed at least."
        )


class ImageClassifier(nn.Sequential):
    """Layers that are called one after the other on images of one size.

    BackPACK extends it where it extends the layers.

    Args:
        *layers: Modules.
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
        check_images(images, self.in_channels, self.image_size)
        for layer in self:
            images = layer(images)
        return images


def resize_bilinear(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resizes images as TensorFlow 1 does: corners not aligned, pixel centres not halved.

    Row i of the result lies at i · H / rows of the source, between two rows of which the second is
    at most the last one. PyTorch's aligned corners give just that with one row more on both sides:
    i · ((H + 1) − 1) / ((rows + 1) − 1); the added row of the source repeats the last one, the
    added row of the result is cut off. Columns likewise.

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
    """Normal draws of which those beyond two standard deviations are drawn again.

    Args:
        weight: What is filled.
        std: Standard deviation before the cut (afterwards it is 0.8796 times that).
    """
    return nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


def glorot_normal_(weight: Tensor) -> Tensor:
    """TensorFlow's Glorot normal: cut at two standard deviations, with the variance after the cut.

    The variance after the cut is 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).
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
    """Fills every layer below a module, in the order in which they were defined.

    Batch normalisation starts at γ = 1, β = 0, mean 0, variance 1.

    Args:
        module: The network.
        conv: Fills the kernel of a convolution.
        linear: Fills the kernel of a dense layer.
        bias: The constant that biases start at.
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
