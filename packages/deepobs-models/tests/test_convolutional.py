"""The networks of convolutions that BackPACK can extend: Net2C2D, Net3C3D and AllCNNC."""

import pytest
import torch
from backpack import backpack, extend
from backpack.extensions import BatchGrad, DiagGGNExact
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from deepobs.models import MLP, VGG, AllCNNC, LogisticRegression, Net2C2D, Net3C3D, WideResNet
from deepobs.models._layers import ImageClassifier

# BackPACK hooks the first layer too, whose input needs no gradient; PyTorch remarks on that.
pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")

GRAY, COLOUR = (3, 1, 28, 28), (3, 3, 32, 32)
EXTENDABLE = [
    (LogisticRegression, GRAY),
    (MLP, GRAY),
    (Net2C2D, GRAY),
    (Net3C3D, COLOUR),
    (AllCNNC, COLOUR),
]
each = pytest.mark.parametrize(
    ("architecture", "shape"), EXTENDABLE, ids=[a.__name__ for a, _ in EXTENDABLE]
)


def losses_of(
    architecture: type[nn.Module], shape: tuple[int, ...]
) -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(0)
    # In float64: a ReLU at zero may fall on the other side when a batch is computed in parts.
    model = architecture().double().eval()
    inputs, targets = torch.rand(shape, dtype=torch.float64), torch.tensor([1, 2, 3])
    return model, inputs, targets


@each
def test_backpack_gives_the_gradient_of_each_example(
    architecture: type[nn.Module], shape: tuple[int, ...]
) -> None:
    """BackPACK's individual gradients are those of autograd, example by example."""
    model, inputs, targets = losses_of(architecture, shape)
    extended, loss = extend(model), extend(nn.CrossEntropyLoss(reduction="sum"))
    with backpack(BatchGrad()):
        loss(extended(inputs), targets).backward()
    parameters = list(model.parameters())
    for index in range(len(inputs)):
        one = slice(index, index + 1)
        alone = torch.autograd.grad(
            nn.functional.cross_entropy(model(inputs[one]), targets[one]), parameters
        )
        for parameter, expected in zip(parameters, alone, strict=True):
            of_each = getattr(parameter, "grad_batch")  # noqa: B009 - BackPACK adds the attribute
            torch.testing.assert_close(of_each[index], expected)


@pytest.mark.parametrize("architecture", [LogisticRegression, MLP, Net2C2D, Net3C3D])
def test_backpack_gives_second_order_quantities(architecture: type[nn.Module]) -> None:
    """BackPACK can propagate curvature through every layer."""
    shape = dict(EXTENDABLE)[architecture]
    model, inputs, targets = losses_of(architecture, shape)
    extended, loss = extend(model), extend(nn.CrossEntropyLoss())
    with backpack(DiagGGNExact()):
        loss(extended(inputs), targets).backward()
    for parameter in model.parameters():
        diagonal = getattr(parameter, "diag_ggn_exact")  # noqa: B009 - BackPACK adds the attribute
        assert diagonal.shape == parameter.shape
        assert (diagonal >= 0).all()


@each
def test_vmap_gives_the_gradient_of_each_example(
    architecture: type[nn.Module], shape: tuple[int, ...]
) -> None:
    """torch.func's gradients of single examples add up to the gradient of the sum."""
    model, inputs, targets = losses_of(architecture, shape)
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters: dict[str, Tensor], image: Tensor, target: Tensor) -> Tensor:
        logits = functional_call(model, parameters, (image[None],))
        return nn.functional.cross_entropy(logits, target[None])

    of_each = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, inputs, targets)
    total = nn.functional.cross_entropy(model(inputs), targets, reduction="sum")
    together = torch.autograd.grad(total, list(model.parameters()))
    for gradients, expected in zip(of_each.values(), together, strict=True):
        torch.testing.assert_close(gradients.sum(0), expected)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (Net2C2D(image_size=17), 17),
        (Net3C3D(image_size=23), 23),
        (AllCNNC(image_size=17, num_classes=4), 17),
    ],
    ids=["Net2C2D", "Net3C3D", "AllCNNC"],
)
def test_other_image_sizes(model: ImageClassifier, size: int) -> None:
    """Padding and the first dense layer follow from the size, even or odd."""
    logits = model(torch.rand(2, model.in_channels, size, size))
    assert logits.shape[0] == 2
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("architecture", [Net3C3D, AllCNNC])
def test_images_that_are_too_small(architecture: type[nn.Module]) -> None:
    """A size that leaves no rows is refused at construction; the next larger one is accepted."""
    with pytest.raises(ValueError, match="Expected an image_size of at least 9, got 8"):
        architecture(image_size=8)
    assert architecture(image_size=9)(torch.rand(1, 3, 9, 9)).shape[0] == 1


@pytest.mark.parametrize("architecture", [Net2C2D, WideResNet, VGG])
@pytest.mark.parametrize("size", [0, -3])
def test_images_without_rows(architecture: type[nn.Module], size: int) -> None:
    """Sizes below 1 are refused at construction."""
    with pytest.raises(ValueError, match=f"Expected an image_size of at least 1, got {size}"):
        architecture(image_size=size)


@pytest.mark.parametrize("architecture", [Net2C2D, WideResNet])
def test_images_of_one_row(architecture: type[nn.Module]) -> None:
    """Images of a single pixel are accepted."""
    model = architecture(image_size=1, in_channels=3).eval()
    assert model(torch.rand(2, 3, 1, 1)).shape == (2, 10)


def test_allcnnc_has_no_negative_logits() -> None:
    """ReLU follows the last convolution too, as in the original."""
    torch.manual_seed(0)
    assert (AllCNNC()(torch.randn(4, 3, 32, 32)) >= 0).all()


def test_allcnnc_drops_in_training_only() -> None:
    """Two passes differ in training and agree in evaluation."""
    model, images = AllCNNC(), torch.rand(1, 3, 32, 32)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))
