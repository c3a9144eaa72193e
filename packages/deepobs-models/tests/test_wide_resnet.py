"""Wide ResNet."""

import pytest
import torch

from deepobs.models import WideResNet


@pytest.mark.parametrize("depth", [15, 4, 0])
def test_depths_that_do_not_exist(depth: int) -> None:
    """A depth is 6 n + 4 with at least one unit a block."""
    with pytest.raises(ValueError, match=rf"depth of 10, 16, 22, … \(6 n \+ 4\), got {depth}\."):
        WideResNet(depth)


@pytest.mark.parametrize("size", [32, 21])
def test_other_sizes_and_widths(size: int) -> None:
    """Even and odd sizes, which are padded differently, and another width."""
    model = WideResNet(10, 1, num_classes=5, image_size=size)
    assert model(torch.rand(2, 3, size, size)).shape == (2, 5)


def test_moving_statistics_take_a_tenth_of_each_batch() -> None:
    """new = 0.9 old + 0.1 batch, the variance without bias; evaluation leaves them alone."""
    torch.manual_seed(0)
    model, images = WideResNet(10, 1), torch.rand(4, 3, 32, 32)
    features = model.conv(images).transpose(0, 1).flatten(1)
    norm = model.get_submodule("units.0.norm_1")
    assert isinstance(norm, torch.nn.BatchNorm2d)
    assert norm.running_mean is not None
    model(images)
    torch.testing.assert_close(norm.running_mean, 0.1 * features.mean(1))
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * features.var(1))
    before = norm.running_mean.clone()
    model.eval()(images)
    assert torch.equal(norm.running_mean, before)


def test_first_unit_of_a_block_projects_the_activated_input() -> None:
    """With the residual branch at zero, a unit gives its shortcut."""
    model = WideResNet(16, 1).eval()
    first, second = model.units[0], model.units[1]
    for unit in (first, second):
        torch.nn.init.zeros_(unit.get_parameter("conv_2.weight"))
    features = torch.randn(2, 16, 8, 8)
    activated = first.get_submodule("norm_1")(features).relu()
    expected = first.get_submodule("shortcut")(activated)
    torch.testing.assert_close(first(features), expected)
    torch.testing.assert_close(second(features), features)
