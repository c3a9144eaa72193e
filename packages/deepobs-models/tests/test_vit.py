"""The vision transformer, against timm's."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from deepobs.models import ViT


@pytest.fixture(scope="module")
def vision_transformer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # timm uses torch.jit, which is deprecated
        module = pytest.importorskip(
            "timm.models.vision_transformer", reason="compares with timm, which is not installed"
        )
    return module.VisionTransformer


CIFAR10 = {
    "image_size": 32,
    "patch_size": 4,
    "in_channels": 3,
    "width": 384,
    "depth": 7,
    "heads": 12,
    "mlp_width": 384,
}
SETTINGS: dict[str, tuple[dict[str, int], int]] = {
    "fashion_mnist": ({}, 205_962),
    "cifar10": (CIFAR10, 6_268_810),
}
# timm's names of modules and parameters, and ours; replaced in this order.
NAMES = {
    "cls_token": "class_token",
    "pos_embed": "position_embedding",
    "patch_embed.proj": "patches",
    "attn.qkv": "attention.query_key_value",
    "attn.proj": "attention.projection",
    "fc1": "0",
    "fc2": "2",
    "norm1": "norm_1",
    "norm2": "norm_2",
}


def timms(
    vision_transformer: Any,
    model: ViT,
    *,
    width: int = 64,
    depth: int = 6,
    heads: int = 4,
    mlp_width: int = 128,
    **images: int,
) -> tuple[nn.Module, dict[str, nn.Parameter]]:
    """timm's network for the same setting, and its parameters under our names."""
    other = vision_transformer(
        img_size=model.image_size,
        patch_size=images.get("patch_size", 7),
        in_chans=model.in_channels,
        num_classes=10,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        mlp_ratio=mlp_width / width,
    )
    parameters = {}
    for name, parameter in other.named_parameters():
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        parameters[name] = parameter
    return other, parameters


@pytest.mark.parametrize("setting", SETTINGS)
def test_computes_what_timms_network_does(setting: str, vision_transformer: Any) -> None:
    """At equal weights logits and gradients are equal, to the rounding of float64."""
    arguments, number = SETTINGS[setting]
    torch.manual_seed(0)
    model = ViT(**arguments)
    assert sum(p.numel() for p in model.parameters()) == number
    other, parameters = timms(vision_transformer, model, **arguments)
    model, other = model.double(), other.double()
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.normal_(std=0.1)
    model.load_state_dict(parameters)
    shape = (2, model.in_channels, model.image_size, model.image_size)
    images = torch.rand(shape, dtype=torch.float64)
    torch.testing.assert_close(model(images), other(images))
    for network in (model, other):
        loss = nn.functional.cross_entropy(network(images), torch.tensor([3, 7]))
        torch.autograd.backward(loss)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, parameters[name].grad)


def test_initial_deviations_are_timms(vision_transformer: Any) -> None:
    """Every parameter is drawn with the deviation that timm's has."""
    torch.manual_seed(0)
    model = ViT()
    _, parameters = timms(vision_transformer, model)
    for name, parameter in model.named_parameters():
        expected = parameters[name].std().item()
        # Five standard errors of the difference of the deviations of n draws each.
        error = 5 * expected / parameter.numel() ** 0.5
        assert parameter.std().item() == pytest.approx(expected, abs=error), name


def test_dropout_acts_in_training_only() -> None:
    """Two passes differ in training and agree in evaluation."""
    model, images = ViT(depth=1, dropout=0.5), torch.rand(1, 1, 28, 28)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


def test_gradient_of_each_example() -> None:
    """torch.func gives the gradients of single examples."""
    torch.manual_seed(0)
    model, images = ViT(width=16, depth=1).double(), torch.rand(3, 1, 28, 28).double()
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters: dict[str, Tensor], image: Tensor) -> Tensor:
        logits: Tensor = functional_call(model, parameters, (image[None],))
        return logits.square().sum()

    with sdpa_kernel(SDPBackend.MATH):
        of_each = vmap(grad(loss), in_dims=(None, 0))(parameters, images)
    together = torch.autograd.grad(model(images).square().sum(), list(model.parameters()))
    for gradients, expected in zip(of_each.values(), together, strict=True):
        torch.testing.assert_close(gradients.sum(0), expected)


def test_patches_that_do_not_divide_the_image() -> None:
    """The message states the size of the image."""
    with pytest.raises(ValueError, match="divides the image_size 28, got 5"):
        ViT(patch_size=5)


def test_heads_that_do_not_divide_the_width() -> None:
    """The message states the width."""
    with pytest.raises(ValueError, match="divides the width 64, got 5"):
        ViT(heads=5)
