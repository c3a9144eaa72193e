"""Roles and depths of parameters, of our models and of a user's."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from deepobs import models
from deepobs.models import parameter_roles

from ._checks import check

# The parameters of each role, as patterns of names. Every parameter matches exactly one pattern,
# and every pattern matches a parameter.
ARCHITECTURES: dict[str, tuple[Callable[[], nn.Module], dict[str, str]]] = {
    "LogisticRegression": (models.LogisticRegression, {"output": "1.weight", "bias": "1.bias"}),
    "MLP": (models.MLP, {"hidden": "[135].weight", "output": "7.weight", "bias": "*.bias"}),
    "Net2C2D": (
        models.Net2C2D,
        {
            "convolution": "[03].weight",
            "hidden": "7.weight",
            "output": "9.weight",
            "bias": "*.bias",
        },
    ),
    "Net3C3D": (
        models.Net3C3D,
        {
            "convolution": "[036].weight",
            "hidden": "1[02].weight",
            "output": "14.weight",
            "bias": "*.bias",
        },
    ),
    "AllCNNC": (
        models.AllCNNC,
        {"convolution": "?.weight 1?.weight", "output": "21.weight", "bias": "*.bias"},
    ),
    "WideResNet": (
        models.WideResNet,
        {
            "convolution": "conv.weight units.*.conv_*.weight units.*.shortcut.weight",
            "output": "dense.weight",
            "gain": "*norm*.weight",
            "bias": "dense.bias *norm*.bias",
        },
    ),
    "VGG": (
        models.VGG,
        {
            "convolution": "?.weight 1?.weight 2?.weight",
            "hidden": "32.weight 35.weight",
            "output": "38.weight",
            "bias": "*.bias",
        },
    ),
    "InceptionV3": (
        models.InceptionV3,
        {
            "convolution": "*.0.weight",
            "output": "aux_head.4.weight head.6.weight",
            "gain": "*.1.weight",
            "bias": "*.bias",
        },
    ),
    "VAE": (
        models.VAE,
        {
            "convolution": "encoder.*.weight decoder.[58].weight decoder.12.weight",
            "hidden": "*_head.weight decoder.[02].weight",
            "output": "decoder.16.weight",
            "bias": "*.bias",
        },
    ),
    "CharRNN": (
        models.CharRNN,
        {
            "embedding": "embedding.weight",
            "hidden": "lstm_*.weight_?h_l0",
            "output": "dense.weight",
            "bias": "lstm_*.bias_?h_l0 dense.bias",
        },
    ),
    "GPT": (
        models.GPT,
        {
            "embedding": "*_embedding.weight",
            "hidden": "*.query_key_value.weight *.projection.weight *.mlp.?.weight",
            "gain": "*norm*.weight",
        },
    ),
    "ResNet18": (
        models.ResNet18,
        {
            "convolution": "*conv?.weight *.downsample.0.weight",
            "output": "fc.weight",
            "gain": "*bn?.weight *.downsample.1.weight",
            "bias": "*.bias",
        },
    ),
    "ModdedGPT": (
        partial(models.ModdedGPT, 65, 32, 2, 2),
        {
            "embedding": "embedding.weight",
            "hidden": "*.attention.*.weight *.expansion.weight blocks.?.projection.weight",
            "output": "output.weight",
            "gain": "*norm_?.weight",
            "bias": "*.bias",
        },
    ),
    "Airbench94": (
        models.Airbench94,
        {
            "convolution": "whitening.weight *.conv?.weight",
            "output": "head.weight",
            "gain": "*.norm?.weight",
            "bias": "*.bias",
        },
    ),
    "ViT": (
        models.ViT,
        {
            "embedding": "class_token position_embedding",
            "convolution": "patches.weight",
            "hidden": "*.query_key_value.weight *.projection.weight *.mlp.?.weight",
            "output": "head.weight",
            "gain": "*norm*.weight",
            "bias": "*.bias",
        },
    ),
    "GraphNetwork": (
        models.GraphNetwork,
        {
            "hidden": "*_embedder.weight *_mlp.0.weight",
            "output": "decoder.weight",
            "gain": "*_mlp.1.weight",
            "bias": "*.bias",
        },
    ),
    "GCN": (
        models.GCN,
        {
            "hidden": "convolution_1.linear.weight",
            "output": "convolution_2.linear.weight",
            "bias": "*.bias",
        },
    ),
    "UNet": (
        models.UNet,
        {
            "hidden": "step_mlp.?.weight *.step.weight",
            "convolution": "first.weight *.conv_?.weight *.shortcut.weight shrink.?.weight"
            " grow.?.weight attention.query_key_value.weight attention.projection.weight",
            "output": "last.weight",
            "gain": "*norm*.weight",
            "bias": "*.bias",
        },
    ),
    "DDPM": (
        models.DDPM,
        {
            "hidden": "network.step_mlp.?.weight *.step.weight",
            "convolution": "network.first.weight *.conv_?.weight *.shortcut.weight"
            " *.shrink.?.weight *.grow.?.weight *.attention.*_value.weight *.projection.weight",
            "output": "network.last.weight",
            "gain": "*norm*.weight",
            "bias": "*.bias",
        },
    ),
    "FTTransformer": (
        models.FTTransformer,
        {
            "embedding": "class_token feature_embedding",
            "hidden": "*.query_key_value.weight *.projection.weight *.mlp_in.weight"
            " *.mlp_out.weight",
            "output": "head.weight",
            "gain": "*norm*.weight",
            "bias": "*.bias feature_bias",
        },
    ),
    "MatrixFactorization": (
        partial(models.MatrixFactorization, 7, 5),
        {"embedding": "*_factors.weight", "bias": "*_bias.weight"},
    ),
    "TanhMLP": (
        models.TanhMLP,
        {"hidden": "[0246].weight", "output": "8.weight", "bias": "*.bias"},
    ),
    "ModularAddition": (
        models.ModularAddition,
        {
            "embedding": "embedding.weight",
            "hidden": "hidden.weight",
            "output": "output.weight",
            "bias": "*.bias",
        },
    ),
    "ActorCritic": (
        models.ActorCritic,
        {"hidden": "*.[02].weight", "output": "*.4.weight", "bias": "*.bias"},
    ),
    "MatrixSensing": (partial(models.MatrixSensing, 6, 5, 2), {"hidden": "left right"}),
    "Quadratic": (partial(models.Quadratic, torch.eye(3)), {"other": "theta"}),
    "Rosenbrock": (models.Rosenbrock, {"other": "u v"}),
    "Beale": (models.Beale, {"other": "u v"}),
    "Branin": (models.Branin, {"other": "u v"}),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_roles_of_every_model(name: str) -> None:
    """Each parameter of each model has the role that the table states."""
    make, expected = ARCHITECTURES[name]
    with torch.device("meta"):  # values play no part
        model = make()
    check(parameter_roles(model), expected)


def test_every_module_of_the_package_is_in_the_table() -> None:
    """The table has an entry for each module of the package."""
    modules = {
        name
        for name in models.__all__
        if isinstance(getattr(models, name), type) and issubclass(getattr(models, name), nn.Module)
    }
    assert modules == set(ARCHITECTURES)
