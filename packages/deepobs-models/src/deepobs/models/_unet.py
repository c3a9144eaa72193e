"""A small U-Net that predicts the noise in an image."""

import math

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ._checks import check_shape

torch.fx.wrap("check_shape")

_GROUPS = 8  # of the group norms


class UNet(nn.Module):
    """U-Net with residual blocks and a step embedding, as diffusion models use it.

    The images go down through one residual block a level, each level but the last followed by a
    convolution of stride 2, through two blocks with self-attention between them, and up again. Each
    level on the way up sees the output of its level on the way down. A step is encoded by sines and
    cosines, which an MLP turns into a shift of each channel in every block.

    Layers after Ho et al.; the sizes are ours. Convolutions and dense layers are initialized Glorot
    uniform, biases and the output layer at 0, so that a new network predicts 0.

    Source: Ho, Jain, Abbeel, Denoising Diffusion Probabilistic Models, NeurIPS 2020, arXiv
    2006.11239, appendix B; Ronneberger, Fischer, Brox, U-Net, MICCAI 2015, arXiv 1505.04597.

    Args:
        in_channels: Channels C of the images.
        channels: Channels of the blocks of each level, from the finest level on; multiples of 8.
        step_width: Size of the embedding of a step; even.
        checkpoint_activations: Whether training recomputes the activations of each block in the
            backward pass, which needs less memory and about a third more time.

    Raises:
        ValueError: If the channels are not multiples of 8, or step_width is odd.

    Example:
        >>> UNet()(torch.rand(2, 1, 28, 28), torch.tensor([0, 999])).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: tuple[int, ...] = (16, 32, 64),
        step_width: int = 64,
        *,
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        _check_widths(channels, step_width)
        self.checkpoint_activations = checkpoint_activations
        self.in_channels = in_channels
        self.factor = 2 ** (len(channels) - 1)  # by which the coarsest level is smaller
        self.step_width = step_width
        self.step_mlp = nn.Sequential(
            nn.Linear(step_width, step_width), nn.SiLU(), nn.Linear(step_width, step_width)
        )
        self.first = nn.Conv2d(in_channels, channels[0], 3, padding=1)
        inputs = (channels[0], *channels[:-1])
        self.down = nn.ModuleList(
            ResidualBlock(width, out, step_width)
            for width, out in zip(inputs, channels, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for width in channels[:-1]
        )
        widest = channels[-1]
        self.middle_1 = ResidualBlock(widest, widest, step_width)
        self.attention = ImageAttention(widest)
        self.middle_2 = ResidualBlock(widest, widest, step_width)
        below = (*channels[1:], widest)
        self.up = nn.ModuleList(
            ResidualBlock(width + other, width, step_width)
            for width, other in reversed(list(zip(channels, below, strict=True)))
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1) for width in reversed(channels[1:])
        )
        self.norm = nn.GroupNorm(_GROUPS, channels[0])
        self.last = nn.Conv2d(channels[0], in_channels, 3, padding=1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights Glorot uniform; sets biases and the output layer to zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.GroupNorm):
                layer.reset_parameters()
        nn.init.zeros_(self.last.weight)

    def forward(self, images: Tensor, steps: Tensor) -> Tensor:
        """Computes a prediction for each pixel.

        Args:
            images: `[N, C, H, W]`; H and W are multiples of 2^(levels - 1).
            steps: The step of each image, such as its number in a diffusion, `[N]`.

        Returns:
            `[N, C, H, W]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", self.in_channels, "H", "W")
        _check_sides(images, self.factor)
        step = self.step_mlp(embedded_steps(steps, self.step_width, images.dtype))
        hidden = self.first(images)
        levels = []
        for number, block in enumerate(self.down):
            hidden = self._through(block, hidden, step)
            levels.append(hidden)
            if number < len(self.shrink):
                hidden = self.shrink[number](hidden)
        hidden = self._through(self.middle_1, hidden, step)
        hidden = self._through(self.middle_2, self.attention(hidden), step)
        for number, block in enumerate(self.up):
            hidden = self._through(block, torch.cat((hidden, levels.pop()), 1), step)
            if number < len(self.grow):
                hidden = self.grow[number](functional.interpolate(hidden, scale_factor=2.0))
        prediction: Tensor = self.last(functional.silu(self.norm(hidden)))
        return prediction

    def _through(self, block: nn.Module, hidden: Tensor, step: Tensor) -> Tensor:
        """Returns the output of a block, whose activations are kept or computed again."""
        if self.checkpoint_activations and self.training:
            return checkpoint(block, hidden, step, use_reentrant=False)  # type: ignore[no-any-return]
        return block(hidden, step)  # type: ignore[no-any-return]


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions behind group norms and SiLU, the step between them, and a shortcut.

    Args:
        in_channels: Channels of the input; a 1×1 convolution is the shortcut if they differ.
        out_channels: Channels of the output.
        step_width: Size of the embedding of a step.
    """

    def __init__(self, in_channels: int, out_channels: int, step_width: int) -> None:
        super().__init__()
        self.norm_1 = nn.GroupNorm(_GROUPS, in_channels)
        self.conv_1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.step = nn.Linear(step_width, out_channels)
        self.norm_2 = nn.GroupNorm(_GROUPS, out_channels)
        self.conv_2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, hidden: Tensor, step: Tensor) -> Tensor:
        """Computes `[N, out_channels, H, W]` from images and embedded steps `[N, step_width]`."""
        inner = self.conv_1(functional.silu(self.norm_1(hidden)))
        inner = inner + self.step(functional.silu(step))[:, :, None, None]
        inner = self.conv_2(functional.silu(self.norm_2(inner)))
        output: Tensor = self.shortcut(hidden) + inner
        return output


class ImageAttention(nn.Module):
    """Self-attention of one head among the pixels of an image, with a residual.

    It is written out, because torch's fused attention has no second derivatives and few pixels
    leave little to gain.

    Args:
        channels: Channels C of the images.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1)
        self.projection = nn.Conv2d(channels, channels, 1)
        self.scale = channels**-0.5

    def forward(self, hidden: Tensor) -> Tensor:
        """Mixes the pixels of `[N, C, H, W]`; returns `[N, C, H, W]`."""
        query, key, value = self.query_key_value(self.norm(hidden)).flatten(2).chunk(3, 1)
        weights = (self.scale * query.transpose(1, 2) @ key).softmax(-1)  # [N, to, from]
        mixed = (value @ weights.transpose(1, 2)).view_as(hidden)
        output: Tensor = hidden + self.projection(mixed)
        return output


@torch.fx.wrap
def embedded_steps(steps: Tensor, width: int, dtype: torch.dtype) -> Tensor:
    """Encodes steps by sines and cosines of frequencies from 1 down to 1/10,000, `[N, width]`.

    Vaswani et al., Attention Is All You Need, NeurIPS 2017, arXiv 1706.03762, section 3.5.
    """
    half = width // 2
    exponents = torch.arange(half, device=steps.device) / (half - 1)
    angles = steps[:, None] * torch.exp(-math.log(10_000) * exponents)
    return torch.cat((angles.sin(), angles.cos()), 1).to(dtype)


def _check_widths(channels: tuple[int, ...], step_width: int) -> None:
    """Raises a ValueError if the group norms or the encoding of steps cannot have these sizes."""
    if not channels or any(width < 1 or width % _GROUPS for width in channels):
        raise ValueError(f"Expected channels that are multiples of {_GROUPS}, got {channels}.")
    if step_width < 4 or step_width % 2:
        raise ValueError(f"Expected an even step_width of at least 4, got {step_width}.")


@torch.fx.wrap
def _check_sides(images: Tensor, factor: int) -> None:
    """Raises a ValueError if the images cannot be halved as often as there are levels."""
    height, width = images.shape[-2:]
    if height % factor or width % factor:
        raise ValueError(
            f"Expected images whose sides are multiples of {factor}, got {height}×{width}."
        )
