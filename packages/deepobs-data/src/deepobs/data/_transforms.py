"""Batched preprocessing on the device, from compact integers to floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from ._trees import Tree, map_tensors


@runtime_checkable
class Transform(Protocol):
    """Protocol of transforms from stored batches to the inputs of the model.

    Attributes:
        num_draws: The number of random numbers per example.
    """

    @property
    def num_draws(self) -> int: ...

    def __call__(self, inputs: Tree, draws: Tensor | None) -> Tree:
        """Transforms a batch.

        Args:
            inputs: `[N, ...]` as stored, such as uint8 `[N, C, H, W]`; or a nested structure of
                such tensors.
            draws: Uniform numbers from [0, 1), float32 `[N, num_draws]`; None if `num_draws` is 0.

        Returns:
            The inputs of the model, which share no memory with the stored batch.
        """
        ...


class Apply:
    """A transform without random numbers, given as a function of the inputs of a batch.

    Args:
        function: Maps the inputs of a batch to the inputs of the model. It must not change them in
            place.
    """

    num_draws = 0

    def __init__(self, function: Callable[[Tree], Tree]) -> None:
        self.function = function

    def __call__(self, inputs: Tree, draws: Tensor | None = None) -> Tree:
        """Returns what the function makes of the inputs."""
        del draws
        return self.function(inputs)


def as_transform(transform: Transform | Callable[[Tree], Tree]) -> Transform:
    """Returns a transform as it is, or a function as a transform."""
    return transform if isinstance(transform, Transform) else Apply(transform)


class Copy:
    """Returns the values unchanged."""

    num_draws = 0

    def __call__(self, inputs: Tree, draws: Tensor | None = None) -> Tree:
        """Returns a copy, so that changing a batch does not change the data set."""
        del draws
        return inputs.clone() if isinstance(inputs, Tensor) else map_tensors(torch.clone, inputs)


class Scale:
    """Divides by a constant: pixels of 0 to 255 become numbers of 0 to 1.

    Args:
        divisor: The largest value, 255 for bytes.
    """

    num_draws = 0

    def __init__(self, divisor: float = 255.0) -> None:
        self.divisor = divisor

    def __call__(self, inputs: Tensor, draws: Tensor | None = None) -> Tensor:
        """Returns inputs / divisor, float32."""
        del draws
        # Twice as fast as a division, and equal up to the last bit.
        return inputs.to(torch.float32, copy=True).mul_(1.0 / self.divisor)


#: Transforms that treat every value alone, so that several batches can be transformed at once.
OF_SINGLE_VALUES = (Copy, Scale)


class Standardize:
    """Standardizes every image to mean 0 and standard deviation 1 over all its values.

    The standard deviation is at least 1/√(number of values), as in
    `tf.image.per_image_standardization`, so that a constant image becomes zeros.

    Args:
        inplace: Whether contiguous float32 inputs are overwritten instead of copied.
    """

    num_draws = 0

    def __init__(self, *, inplace: bool = False) -> None:
        self.inplace = inplace

    def __call__(self, inputs: Tensor, draws: Tensor | None = None) -> Tensor:
        """Returns the standardized images, float32."""
        del draws
        images = inputs.flatten(1).to(torch.float32)
        mean = images.mean(dim=1, keepdim=True)
        images = images.sub_(mean) if self.inplace else images - mean
        scale = images.shape[1] ** -0.5
        norm = torch.linalg.vector_norm(images, dim=1, keepdim=True)  # ten times as fast as var
        return images.div_(norm.mul_(scale).clamp_min_(scale)).view(inputs.shape)


class Augment:
    """DeepOBS's augmentation of CIFAR and SVHN, with separate random numbers for every image.

    On the scale of the stored bytes, 0 to 255, in this order: padding with 2 zeros on each side
    (32×32 becomes 36×36), random crop of the original size, horizontal flip with probability 1/2,
    brightness ± 63/255, saturation times 0.5 to 1.5, contrast times 0.2 to 1.8. Values are not
    clipped.

    Args:
        flip: Whether images are flipped (not for SVHN).
    """

    def __init__(self, *, flip: bool) -> None:
        self.flip = flip
        self.num_draws = 6 if flip else 5

    def __call__(self, inputs: Tensor, draws: Tensor | None) -> Tensor:
        """Returns the augmented images, float32 `[N, 3, H, W]`, not standardized."""
        if draws is None:
            raise ValueError(f"Augment needs {self.num_draws} random numbers per image.")
        down, right, brightness, saturation, contrast, *mirror = draws.unbind(1)
        images = crop(inputs, down, right, mirror[0] < 0.5 if mirror else None, padding=2)
        delta = (brightness - 0.5) * (2 * 63 / 255)
        images = images.to(torch.float32).add_(_each(delta))
        images = adjust_saturation(images, saturation + 0.5)
        return adjust_contrast(images, contrast * 1.6 + 0.2)


class CropAndFlip:
    """Shifts every image by up to `padding` pixels, and flips each with probability 1/2.

    Args:
        padding: The number of pixels added on each side, before a random crop of the original size.
        reflect: Whether the added pixels are those on the other side of the edge, instead of zeros.
    """

    num_draws = 3

    def __init__(self, padding: int = 4, *, reflect: bool = False) -> None:
        self.padding = padding
        self.reflect = reflect

    def __call__(self, inputs: Tensor, draws: Tensor | None) -> Tensor:
        """Returns the augmented images, of the shape and type of the inputs `[N, C, H, W]`."""
        if draws is None:
            raise ValueError("CropAndFlip needs 3 random numbers per image.")
        down, right, mirror = draws.unbind(1)
        flip = mirror < 0.5
        return crop(inputs, down, right, flip, padding=self.padding, reflect=self.reflect)


class Normalize:
    """Subtracts the mean of each channel and divides by its standard deviation.

    Args:
        mean: Means of the channels of pixels between 0 and 1.
        std: Standard deviations of the channels.
    """

    num_draws = 0

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        self.mean, self.std = mean, std

    def __call__(self, inputs: Tensor, draws: Tensor | None = None) -> Tensor:
        """Returns the normalized images of bytes `[N, C, H, W]`, float32."""
        del draws
        std = inputs.new_tensor(self.std, dtype=torch.float32).view(-1, 1, 1)
        mean = inputs.new_tensor(self.mean, dtype=torch.float32).view(-1, 1, 1)
        return (inputs.to(torch.float32) * (1 / (255 * std))).sub_(mean / std)


class Compose:
    """Applies several transforms in sequence.

    Args:
        first: The first transform, which may need random numbers.
        *then: The other transforms, which need no random numbers.
    """

    def __init__(self, first: Transform, *then: Transform) -> None:
        self.first, self.then = first, then
        self.num_draws = first.num_draws

    def __call__(self, inputs: Tree, draws: Tensor | None) -> Tree:
        """Returns the result of the last transform."""
        outputs = self.first(inputs, draws)
        for transform in self.then:
            outputs = transform(outputs, None)
        return outputs


def crop(
    images: Tensor,
    down: Tensor,
    right: Tensor,
    flip: Tensor | None,
    *,
    padding: int,
    reflect: bool = False,
) -> Tensor:
    """Pads images and cuts a window of the original size from each.

    Args:
        images: `[N, C, H, W]`.
        down: Where the window begins vertically, as a fraction in [0, 1) of the possible places,
            `[N]`.
        right: The same horizontally, `[N]`.
        flip: The images to flip horizontally before, bool `[N]`; None to flip none.
        padding: The number of pixels added on each side.
        reflect: Whether these are the pixels on the other side of the edge, instead of zeros.
    """
    height, width = images.shape[-2:]
    padded = _reflected(images, padding) if reflect else functional.pad(images, (padding,) * 4)
    which = torch.arange(len(images), device=images.device)
    if flip is not None:  # a mirrored copy to choose from costs less than torch.where
        padded = torch.cat([padded, padded.flip(-1)])
        which = which + flip * len(images)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    places = 2 * padding + 1
    return windows[which, :, (down * places).long(), (right * places).long()]


def _reflected(images: Tensor, padding: int) -> Tensor:
    """Pads images with what is on the other side of the edge; torch does so for floats alone."""
    for axis in (-2, -1):
        size = images.shape[axis]
        places = torch.arange(-padding, size + padding, device=images.device).abs()
        images = images.index_select(axis, torch.minimum(places, 2 * (size - 1) - places))
    return images


def adjust_saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Multiplies the saturation of every image in HSV, clipped to [0, 1], as TensorFlow does.

    Hue and value (the largest channel v) stay the same: every channel c becomes v − (v − c)·r with
    r = min(factor, v / (v − smallest channel)). A pixel with v ≤ 0 becomes gray at v.

    Args:
        images: `[N, 3, H, W]` floats; changed in place.
        factor: `[N]`.
    """
    red, green, blue = images.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = torch.minimum(torch.minimum(red, green), blue).neg_().add_(value)
    ratio = torch.div(value, chroma.clamp_min_(1e-30), out=chroma)
    ratio.clamp_min_(0.0)
    torch.minimum(ratio, factor.view(-1, 1, 1), out=ratio)
    value, ratio = value.unsqueeze(1), ratio.unsqueeze(1)
    return images.sub_(value).mul_(ratio).add_(value)


def adjust_contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Multiplies the difference of every channel from its mean over the image.

    Args:
        images: `[N, C, H, W]` floats; changed in place.
        factor: `[N]`.
    """
    mean = images.mean(dim=(2, 3), keepdim=True)
    factor = _each(factor)
    return images.mul_(factor).add_(mean.mul_(1.0 - factor))


def _each(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
