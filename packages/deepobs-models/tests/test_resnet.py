"""ResNet-18 for small images, against torchvision's with the same first layer."""

from typing import Any

import pytest
import torch
from torch import nn

from deepobs.models import ResNet18


@pytest.fixture(scope="module")
def torchvisions() -> Any:
    module = pytest.importorskip(
        "torchvision.models", reason="compares with torchvision, which is not installed"
    )
    network = module.resnet18(num_classes=10)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_computes_what_torchvisions_network_does(torchvisions: Any, training: bool) -> None:
    """At equal weights logits, gradients and running statistics are equal, in float64."""
    torch.manual_seed(0)
    model = ResNet18().double().train(training)
    with torch.no_grad():
        for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.normal_(std=0.1)
            norm.running_mean.normal_(std=0.1)
            norm.running_var.uniform_(0.5, 1.5)
    other = torchvisions.double().train(training)
    other.load_state_dict(model.state_dict())
    images, labels = torch.rand(4, 3, 32, 32).double(), torch.tensor([1, 0, 7, 3])
    outputs = [network(images) for network in (model, other)]
    torch.testing.assert_close(*outputs)
    gradients = [
        torch.autograd.grad(nn.functional.cross_entropy(output, labels), list(network.parameters()))
        for output, network in zip(outputs, (model, other), strict=True)
    ]
    torch.testing.assert_close(*gradients)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name])


def test_trains_as_torchvisions_network_does(torchvisions: Any) -> None:
    """Ten steps of SGD with momentum from equal weights give equal losses, in float64."""
    torch.manual_seed(0)
    model = ResNet18().double()
    other = torchvisions.double().train()
    other.load_state_dict(model.state_dict())
    images, labels = torch.rand(4, 3, 32, 32).double(), torch.tensor([1, 0, 7, 3])
    trajectories = []
    for network in (model, other):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        trajectories.append(losses)
    assert trajectories[0] == pytest.approx(trajectories[1], rel=1e-9)
    assert trajectories[0][-1] < trajectories[0][0]


def test_number_of_parameters() -> None:
    """11.17 million, as published for the variant with a small first layer."""
    assert sum(p.numel() for p in ResNet18().parameters()) == 11_173_962


def test_initial_deviations_are_hes() -> None:
    """Convolutions have the variance 2 / (channels · 9)."""
    torch.manual_seed(0)
    weight = ResNet18().get_parameter("layer3.0.conv1.weight")
    # Five standard errors of the deviation of n draws.
    error = 5 / (2 * weight.numel()) ** 0.5
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=error)
