"""TensorFlow's padding, resizing and distributions, against numbers read off TensorFlow 1.15."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from deepobs.models import InceptionV3
from deepobs.models._inception_v3 import _average_pool, _conv
from deepobs.models._layers import (
    conv2d_same,
    conv_transpose2d_same,
    glorot_normal_,
    initialise,
    max_pool2d_same,
    resize_bilinear,
    same_padding,
    truncated_normal_,
)

CONVENTIONS = json.loads((Path(__file__).parent / "golden" / "conventions.json").read_text())


def among(kind: str) -> list[str]:
    return [name for name in CONVENTIONS if name.startswith(kind)]


def draw(seed: int, shape: list[int]) -> Tensor:
    """Standard normal, as the recipes give it."""
    values = np.random.RandomState(seed).normal(0, 1, shape).astype(np.float32)
    return torch.from_numpy(values)


def images(name: str) -> Tensor:
    golden = CONVENTIONS[name]
    return draw(golden["x"]["seed"], golden["x_shape"]).permute(0, 3, 1, 2).contiguous()


def with_kernel(name: str, layers: list[nn.Module]) -> nn.Sequential:
    """Returns the layers in sequence, with the recipe's kernel."""
    golden = CONVENTIONS[name]
    kernel = draw(golden["kernel"]["seed"], golden["kernel_shape"]).permute(3, 2, 0, 1)
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.data = kernel
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def check(name: str, output: Tensor) -> None:
    """Sums of at most 50 products of numbers around 1, up to 30: 1e-5 of the largest."""
    golden = CONVENTIONS[name]["out"]
    output = output.detach().permute(0, 2, 3, 1)
    assert list(output.shape) == golden["shape"]
    expected = torch.tensor(golden["values"])
    torch.testing.assert_close(output.flatten()[golden["idx"]], expected, rtol=1e-5, atol=1e-5)


def numbers(name: str) -> list[int]:
    """Size, kernel and stride in a name such as conv2d_same_side28_k3_s2."""
    return [int(number) for number in re.findall(r"side(\d+)_k(\d+)_s(\d+)", name)[0]]


@pytest.mark.parametrize("name", among("max_pooling2d_3_2_same"))
def test_max_pooling_pads_as_tensorflow_does(name: str) -> None:
    """Windows reach over the end of the image, and over its beginning if the total is even."""
    size = int(name.rsplit("_", 1)[1])
    check(name, max_pool2d_same(3, 2, size)(images(name)))


def test_max_pooling_says_which_windows_it_cannot_pad() -> None:
    """Unequal padding on both sides is refused, not approximated."""
    with pytest.raises(ValueError, match="4×4 max pooling of 7 rows needs unequal padding"):
        max_pool2d_same(4, 1, 7)


def test_average_pooling_leaves_padding_out_of_the_count() -> None:
    """Inception's average pooling divides by the number of real pixels."""
    name = "average_pooling2d_3_1_same_9"
    check(name, _average_pool()(images(name)))


def test_average_pooling_of_the_auxiliary_head() -> None:
    """Inception's auxiliary head starts with a 5×5 pooling of stride 3 without padding."""
    with torch.device("meta"):  # its weights are not needed
        pooling = InceptionV3().aux_head[0]
    name = "average_pooling2d_5_3_valid_17"
    check(name, pooling(images(name)))


@pytest.mark.parametrize("name", [n for n in among("conv2d_same") if "x" not in n])
def test_convolution_pads_as_tensorflow_does(name: str) -> None:
    """If the total is odd, the extra row and column come after the image."""
    size, kernel, stride = numbers(name)
    layers = conv2d_same(2, 3, kernel, size, stride)
    check(name, with_kernel(name, layers)(images(name)))


@pytest.mark.parametrize("name", [n for n in among("conv2d_same") if "x" in n])
def test_convolution_with_an_oblong_kernel(name: str) -> None:
    """Inception's 1×7, 7×1, 1×3 and 3×1 kernels."""
    rows, columns = map(int, re.findall(r"k(\d)x(\d)", name)[0])
    convolution = _conv(2, 3, (rows, columns))[0]
    check(name, with_kernel(name, [convolution])(images(name)))


@pytest.mark.parametrize("name", among("conv2d_transpose_same"))
def test_transposed_convolution_cuts_as_tensorflow_does(name: str) -> None:
    """The output has size · stride rows, cut where the convolution would have padded."""
    size, kernel, stride = numbers(name)
    layers = conv_transpose2d_same(2, 3, kernel, size, stride)
    check(name, with_kernel(name, layers)(images(name)))


@pytest.mark.parametrize("name", among("resize"))
def test_resizing_is_tensorflows_legacy_one(name: str) -> None:
    """Pixels at multiples of in / out, not at half-pixel centres, and corners not aligned."""
    rows, columns = CONVENTIONS[name]["out"]["shape"][1:3]
    check(name, resize_bilinear(images(name), (rows, columns)))


def test_resizing_to_the_same_size_changes_nothing() -> None:
    """Images that already have the size are returned without a copy."""
    x = torch.rand(1, 3, 5, 7)
    assert resize_bilinear(x, (5, 7)) is x


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((28, 5, 1), (2, 2)), ((28, 3, 2), (0, 1)), ((7, 4, 1), (1, 2)), ((32, 1, 2), (0, 0))],
)
def test_same_padding(arguments: tuple[int, ...], expected: tuple[int, int]) -> None:
    """Equal padding, an extra row after the image, and no padding."""
    assert same_padding(*arguments) == expected


def test_truncated_normal_is_cut_at_two_standard_deviations() -> None:
    """The cut reduces the deviation to 0.8796 of the argument."""
    torch.manual_seed(0)
    draws = truncated_normal_(torch.empty(100_000), 0.05)
    assert 0.0999 < draws.abs().max() <= 0.1
    # Five standard errors: 0.044 / sqrt(100,000) for the mean, less for the deviation.
    assert abs(draws.mean()) < 7e-4
    assert abs(draws.std() - 0.8796 * 0.05) < 7e-4


def test_glorot_normal_has_its_variance_after_the_cut() -> None:
    """The standard deviation of what is drawn is sqrt(2 / (fan_in + fan_out))."""
    torch.manual_seed(0)
    weight = glorot_normal_(torch.empty(64, 32, 5, 5))
    expected = math.sqrt(2 / (25 * (32 + 64)))
    # 51,200 draws: the deviation's standard error is a third of a percent at most.
    assert abs(weight.std() / expected - 1) < 0.015
    assert weight.abs().max() <= 2 * expected / 0.8796 * 1.0001


def test_initialise_fills_every_kind_of_layer() -> None:
    """Kernels by the functions given, biases with the constant, batch normalisation at 1 and 0."""
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 7.0)
    initialise(network, conv=nn.init.ones_, linear=nn.init.zeros_, bias=0.5)
    values = {name: set(p.flatten().tolist()) for name, p in network.named_parameters()}
    assert values == {
        "0.weight": {1.0},
        "0.bias": {0.5},
        "1.weight": {1.0},
        "1.bias": {0.0},
        "2.weight": {0.0},
        "2.bias": {0.5},
    }
