"""VGG."""

import pytest
import torch
from torch import nn

from deepobs.models import VGG


@pytest.mark.parametrize(("depth", "convolutions"), [(16, 13), (19, 16)])
def test_depth_counts_convolutions_and_dense_layers(depth: int, convolutions: int) -> None:
    """Three of the layers with weights are dense."""
    model = VGG(depth, num_classes=7, image_size=32)
    assert sum(isinstance(layer, nn.Conv2d) for layer in model) == convolutions
    assert sum(isinstance(layer, nn.Linear) for layer in model) == 3


def test_unknown_depth() -> None:
    """The message names the depths that there are."""
    with pytest.raises(ValueError, match="depth 16 or 19, got 17"):
        VGG(17)


def test_images_are_resized() -> None:
    """Images of any size give the logits of the image resized to image_size."""
    torch.manual_seed(0)
    model = VGG(16, num_classes=7, image_size=32).eval()
    constant = torch.full((1, 3, 5, 9), 0.7)
    same = torch.full((1, 3, 32, 32), 0.7)
    torch.testing.assert_close(model(constant), model(same))
