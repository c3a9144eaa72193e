"""A residual network for small images."""

import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from ._checks import check_shape
from ._roles import Role

torch.fx.wrap("check_shape")


def _conv(fan_in: int, channels: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(fan_in, channels, size, stride, padding=size // 2, bias=False)


class _BasicBlock(nn.Module):
    """Two 3×3 convolutions with a shortcut, which is projected if shapes differ."""

    def __init__(self, fan_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(fan_in, channels, 3, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = _conv(channels, channels, 3)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or fan_in != channels:
            projection = _conv(fan_in, channels, 1, stride)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(channels))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = functional.relu(self.bn1(self.conv1(inputs)))
        residual: Tensor = self.bn2(self.conv2(hidden))
        return functional.relu(residual + self.downsample(inputs))


class ResNet18(nn.Module):
    """ResNet-18 for images of 32×32 pixels: a 3×3 convolution in place of the large first layers.

    Four stages of two blocks with 64, 128, 256 and 512 channels. Convolutions are initialized
    normal with variance 2 / fan-out (He et al., ICCV 2015), the dense layer as `nn.Linear` is. The
    names of parameters and buffers are those of torchvision's `resnet18`.

    Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016, arXiv 1512.03385;
    first layer of Liu, https://github.com/kuangliu/pytorch-cifar.

    Args:
        num_classes: Number of classes K.
        in_channels: Channels C of the images.

    Example:
        >>> ResNet18()(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.conv1 = _conv(in_channels, 64, 3)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, 1)
        self.layer2 = _stage(64, 128, 2)
        self.layer3 = _stage(128, 256, 2)
        self.layer4 = _stage(256, 512, 2)
        self.fc = nn.Linear(512, num_classes)
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns the dense layer as the output layer; see `parameter_roles`."""
        return {"fc.weight": Role.OUTPUT}

    def reset_parameters(self) -> None:
        """Draws convolutions He normal and the dense layer as its own; resets normalization."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d | nn.Linear):
                module.reset_parameters()

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            images: `[N, in_channels, H, W]`.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", self.in_channels, "H", "W")
        hidden = functional.relu(self.bn1(self.conv1(images)))
        features = self.layer4(self.layer3(self.layer2(self.layer1(hidden))))
        logits: Tensor = self.fc(torch.mean(features, (2, 3)))
        return logits


def _stage(fan_in: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_BasicBlock(fan_in, channels, stride), _BasicBlock(channels, channels, 1))
