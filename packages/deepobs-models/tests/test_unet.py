"""The U-Net, against one that is written out from the paper."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from deepobs.models import UNet


def drawn(**arguments) -> UNet:
    """A network in float64 all of whose weights are drawn, those that start at zero too."""
    torch.manual_seed(0)
    model = UNet(**arguments).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.2)
    return model


class WrittenOut:
    """The network as one function of its weights: sums over channels and pixels, no modules."""

    def __init__(self, weights: dict[str, Tensor], levels: int) -> None:
        self.weights, self.levels = weights, levels

    def norm(self, name: str, images: Tensor) -> Tensor:
        """Mean 0 and variance 1 over the pixels and channels of each of eight groups."""
        groups = images.reshape(len(images), 8, -1)
        variance, mean = torch.var_mean(groups, dim=2, correction=0, keepdim=True)
        normal = ((groups - mean) / (variance + 1e-5).sqrt()).view_as(images)
        gain, bias = (self.weights[f"{name}.{part}"][:, None, None] for part in ("weight", "bias"))
        return normal * gain + bias

    def conv(self, name: str, images: Tensor, stride: int = 1) -> Tensor:
        """Every pixel is a linear function of its neighbourhood."""
        kernel, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        side = kernel.shape[-1]
        padded = functional.pad(images, [side // 2] * 4)
        windows = padded.unfold(2, side, stride).unfold(3, side, stride)
        return torch.einsum("ncyxij,dcij->ndyx", windows, kernel) + bias[:, None, None]

    def dense(self, name: str, vectors: Tensor) -> Tensor:
        return vectors @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def block(self, name: str, images: Tensor, step: Tensor) -> Tensor:
        hidden = self.conv(f"{name}.conv_1", silu(self.norm(f"{name}.norm_1", images)))
        hidden = hidden + self.dense(f"{name}.step", silu(step))[:, :, None, None]
        hidden = self.conv(f"{name}.conv_2", silu(self.norm(f"{name}.norm_2", hidden)))
        has_shortcut = f"{name}.shortcut.weight" in self.weights
        return hidden + (self.conv(f"{name}.shortcut", images) if has_shortcut else images)

    def attention(self, images: Tensor) -> Tensor:
        """Each pixel takes a weighted mean of the values of all, one image at a time."""
        joined = self.conv("attention.query_key_value", self.norm("attention.norm", images))
        mixed = []
        for query, key, value in zip(*joined.flatten(2).chunk(3, dim=1), strict=True):
            likeness = query.T @ key / math.sqrt(len(query))
            weights = likeness.exp() / likeness.exp().sum(dim=1, keepdim=True)
            mixed.append(value @ weights.T)
        return images + self.conv("attention.projection", torch.stack(mixed).view_as(images))

    def __call__(self, images: Tensor, steps: Tensor) -> Tensor:
        half = self.weights["step_mlp.0.weight"].shape[1] // 2
        frequencies = [10_000 ** (-i / (half - 1)) for i in range(half)]
        angles = steps[:, None] * torch.tensor(frequencies, dtype=images.dtype)
        step = torch.cat([angles.sin(), angles.cos()], dim=1)
        step = self.dense("step_mlp.2", silu(self.dense("step_mlp.0", step)))
        hidden, kept = self.conv("first", images), []
        for level in range(self.levels):
            hidden = self.block(f"down.{level}", hidden, step)
            kept.append(hidden)
            if level < self.levels - 1:
                hidden = self.conv(f"shrink.{level}", hidden, stride=2)
        hidden = self.block("middle_1", hidden, step)
        hidden = self.block("middle_2", self.attention(hidden), step)
        for level in range(self.levels):
            hidden = self.block(f"up.{level}", torch.cat([hidden, kept.pop()], dim=1), step)
            if level < self.levels - 1:
                larger = hidden.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
                hidden = self.conv(f"grow.{level}", larger)
        return self.conv("last", silu(self.norm("norm", hidden)))


def silu(x: Tensor) -> Tensor:
    return x / (1 + (-x).exp())


def test_computes_what_the_one_written_out_does() -> None:
    """At equal weights outputs and gradients are equal, to the rounding of float64."""
    model = drawn()
    assert sum(p.numel() for p in model.parameters()) == 501_041
    images, steps = torch.randn(2, 1, 28, 28, dtype=torch.float64), torch.tensor([3, 870])
    weights = {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters()}
    # The steps are encoded in float32, whose angles of up to 1,000 are rounded by 3e-5.
    outputs = model(images, steps), WrittenOut(weights, levels=3)(images, steps)
    size = outputs[1].detach().abs().max().item()
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-4 * size)
    for output in outputs:
        output.square().mean().backward()
    for name, parameter in model.named_parameters():
        expected = weights[name].grad
        size = expected.abs().max().item()
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-3, atol=1e-3 * size)


def test_a_new_network_predicts_zero() -> None:
    """Whatever the image and the step."""
    assert not UNet()(torch.rand(2, 1, 28, 28), torch.tensor([0, 999])).any()


def test_colour_images_of_other_sizes() -> None:
    """Sides that can be halved as often as there are levels, less one."""
    model = drawn(in_channels=3, channels=(8, 16, 16, 24))
    images = torch.rand(1, 3, 16, 24, dtype=torch.float64)
    assert model(images, torch.tensor([5])).shape == images.shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": (8, 12)}, r"multiples of 8, got \(8, 12\)"),
        ({"channels": ()}, "multiples of 8"),
        ({"step_width": 7}, "even step_width of at least 4, got 7"),
        ({"step_width": 2}, "even step_width of at least 4, got 2"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments, message: str) -> None:
    """The message states what is expected and what was given."""
    with pytest.raises(ValueError, match=message):
        UNet(**arguments)


def test_an_image_that_cannot_be_halved_is_refused() -> None:
    """28 can be halved twice, 30 only once."""
    with pytest.raises(ValueError, match=r"multiples of 4, got 28×30\.$"):
        UNet()(torch.rand(1, 1, 28, 30), torch.tensor([1]))
