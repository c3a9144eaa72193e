"""Shapes and initial distributions of the parameters of every architecture."""

import json
import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ._architectures import DEEPOBS, OTHERS

INITIAL = json.loads((Path(__file__).parent / "golden" / "initial.json").read_text())

# The trained parameters of a network, and for each of them the variable of the original: its shape,
# the operation that draws it, mean, deviation, and the operation's argument.
Drawn = tuple[list[Tensor], list[list[Any]]]
Distribution = float | tuple[str, float]


def in_tensorflows_layout(shape: Sequence[int]) -> list[int]:
    """Shape of a kernel [out, in, …] as TensorFlow has it."""
    shape = list(shape)
    return [shape[2], shape[3], shape[1], shape[0]] if len(shape) == 4 else shape[::-1]


@pytest.fixture(scope="module", params=DEEPOBS)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """The trained parameters of a new network, and the original's variables in order."""
    model = DEEPOBS[request.param].model()
    parameters = [p.detach() for p in model.parameters() if p.requires_grad]
    variables = INITIAL[request.param]
    if request.param == "CharRNN":
        parameters, variables = _joined(parameters), [*variables]
        parameters[0] = parameters[0].T  # the embedding is [vocabulary, size] in both
    return parameters, variables


def _joined(parameters: list[Tensor]) -> list[Tensor]:
    """An LSTM's two kernels are one in TensorFlow: one below the other."""
    embedding, *layers, weight, bias = parameters
    joined = []
    for weight_ih, weight_hh, lstm_bias in (layers[:3], layers[3:]):
        joined += [torch.cat((weight_ih, weight_hh), 1), lstm_bias]
    return [embedding, *joined, weight, bias]


def test_parameters_are_the_originals_in_number_order_and_shape(drawn: Drawn) -> None:
    """Golden variables map one to one, in the order in which they are defined."""
    parameters, variables = drawn
    assert [in_tensorflows_layout(p.shape) for p in parameters] == [v[0] for v in variables]


def test_parameters_start_from_the_originals_distributions(drawn: Drawn) -> None:
    """Mean and standard deviation as recorded, the same bounds, and bounds that are reached.

    The recorded numbers are means over three draws of n values: five standard errors of the
    difference to one draw are 5 s sqrt(4 / 3 / n), and less for the standard deviation. The
    largest of n values is within 10 / n of a uniform's bound and within 88 / n of a truncated
    normal's, but for one draw in e^10; the seed is fixed.
    """
    for parameter, (_, op, mean, std, *number) in zip(*drawn, strict=True):
        n = parameter.numel()
        error = 5 * std * math.sqrt(4 / 3 / n) + 1e-7
        assert abs(parameter.mean() - mean) < error
        if op == "Const":
            assert (parameter == parameter.flatten()[0]).all()
            continue
        assert abs(parameter.std() - std) < error
        bound, slack = (2 * number[0], 88 / n) if op == "TruncatedNormal" else (number[0], 10 / n)
        assert bound * (1 - slack) < parameter.abs().max() <= bound * (1 + 1e-6)


# The distribution of each parameter: a constant, ("normal", deviation), ("uniform", bound),
# ("orthogonal", gain), or ("passing", bound) for the identity followed by a uniform.
WEIGHT = ("normal", 0.02)
RESIDUAL = ("normal", 0.02 / math.sqrt(8))  # two residual branches in each of four blocks
LINEAR = 1 / math.sqrt(128)  # the bound of nn.Linear with 128 inputs
UNET: dict[str, Distribution] = {  # Glorot uniform, with channels (8, 16) and a step width of 8
    "step_mlp.?.weight": ("uniform", math.sqrt(6 / (8 + 8))),
    "first.weight": ("uniform", math.sqrt(6 / (9 * (1 + 8)))),
    "down.0.conv_1.weight": ("uniform", math.sqrt(6 / (9 * (8 + 8)))),
    "down.1.conv_1.weight": ("uniform", math.sqrt(6 / (9 * (8 + 16)))),
    "middle_?.conv_1.weight": ("uniform", math.sqrt(6 / (9 * (16 + 16)))),
    "up.0.conv_1.weight": ("uniform", math.sqrt(6 / (9 * (32 + 16)))),
    "up.1.conv_1.weight": ("uniform", math.sqrt(6 / (9 * (24 + 8)))),
    "down.1.shortcut.weight": ("uniform", math.sqrt(6 / (8 + 16))),
    "up.0.shortcut.weight": ("uniform", math.sqrt(6 / (32 + 16))),
    "up.1.shortcut.weight": ("uniform", math.sqrt(6 / (24 + 8))),
    "down.0.step.weight": ("uniform", math.sqrt(6 / (8 + 8))),
    "up.1.step.weight": ("uniform", math.sqrt(6 / (8 + 8))),
    "down.1.step.weight": ("uniform", math.sqrt(6 / (8 + 16))),
    "middle_?.step.weight": ("uniform", math.sqrt(6 / (8 + 16))),
    "up.0.step.weight": ("uniform", math.sqrt(6 / (8 + 16))),
    "shrink.0.weight": ("uniform", math.sqrt(6 / (9 * (8 + 8)))),
    "grow.0.weight": ("uniform", math.sqrt(6 / (9 * (16 + 16)))),
    "attention.query_key_value.weight": ("uniform", math.sqrt(6 / (16 + 48))),
    "down.0.conv_2.weight": ("uniform", math.sqrt(6 / (9 * (8 + 8)))),
    "up.1.conv_2.weight": ("uniform", math.sqrt(6 / (9 * (8 + 8)))),
    "down.1.conv_2.weight": ("uniform", math.sqrt(6 / (9 * (16 + 16)))),
    "middle_?.conv_2.weight": ("uniform", math.sqrt(6 / (9 * (16 + 16)))),
    "up.0.conv_2.weight": ("uniform", math.sqrt(6 / (9 * (16 + 16)))),
    "attention.projection.weight": ("uniform", math.sqrt(6 / (16 + 16))),
    "last.weight": 0.0,
    "*norm*.weight": 1.0,
    "*.bias": 0.0,
}
DISTRIBUTIONS: dict[str, dict[str, Distribution]] = {
    "GPT": {
        "*_embedding.weight": WEIGHT,
        "*.query_key_value.weight": WEIGHT,
        "*.projection.weight": RESIDUAL,
        "*.mlp.0.weight": WEIGHT,
        "*.mlp.2.weight": RESIDUAL,
        "*norm*.weight": 1.0,
    },
    "ModdedGPT": {
        "embedding.weight": ("normal", 1.0),
        "*.attention.[qkv]*.weight": ("normal", math.sqrt(0.33 / 32)),
        "*.expansion.weight": ("normal", math.sqrt(0.33 / 32)),
        "*projection.weight": 0.0,
        "output.weight": 0.0,
        "*norm*.weight": 1.0,
        "*.bias": 0.0,
    },
    "ViT": {
        "class_token": ("normal", 1e-6),
        "position_embedding": WEIGHT,
        "patches.*": ("uniform", 1 / 7),  # as nn.Conv2d with 49 inputs
        "*.attention.*.weight": WEIGHT,
        "*.mlp.?.weight": WEIGHT,
        "head.weight": WEIGHT,
        "*norm*.weight": 1.0,
        "blocks.*.bias": 0.0,
        "norm.bias": 0.0,
        "head.bias": 0.0,
    },
    "GraphNetwork": {
        "node_embedder.*": ("uniform", 1 / 3),
        "edge_embedder.*": ("uniform", 1 / math.sqrt(3)),
        "steps.0.[en]*_mlp.0.*": ("uniform", 1 / math.sqrt(3 * 16 + 128)),
        "steps.0.graph_mlp.0.*": ("uniform", 1 / math.sqrt(2 * 16 + 128)),
        "steps.1.[en]*_mlp.0.*": ("uniform", 1 / math.sqrt(4 * 16)),
        "steps.1.graph_mlp.0.*": ("uniform", 1 / math.sqrt(3 * 16)),
        "*_mlp.1.weight": 1.0,
        "*_mlp.1.bias": 0.0,
        "decoder.*": ("uniform", 1 / 4),
    },
    "GCN": {
        "convolution_1.linear.weight": ("uniform", math.sqrt(6 / (11 + 16))),
        "convolution_2.linear.weight": ("uniform", math.sqrt(6 / (16 + 3))),
        "*.bias": 0.0,
    },
    "ResNet18": {
        "conv1.weight": ("normal", math.sqrt(2 / (9 * 64))),
        "layer1.?.conv?.weight": ("normal", math.sqrt(2 / (9 * 64))),
        "layer2.?.conv?.weight": ("normal", math.sqrt(2 / (9 * 128))),
        "layer3.?.conv?.weight": ("normal", math.sqrt(2 / (9 * 256))),
        "layer4.?.conv?.weight": ("normal", math.sqrt(2 / (9 * 512))),
        "layer2.?.downsample.0.weight": ("normal", math.sqrt(2 / 128)),
        "layer3.?.downsample.0.weight": ("normal", math.sqrt(2 / 256)),
        "layer4.?.downsample.0.weight": ("normal", math.sqrt(2 / 512)),
        "fc.*": ("uniform", 1 / math.sqrt(512)),
        "*bn?.weight": 1.0,
        "*bn?.bias": 0.0,
        "*.downsample.1.weight": 1.0,
        "*.downsample.1.bias": 0.0,
    },
    "Airbench94": {
        "whitening.weight": ("orthogonal", math.sqrt(2 / (1 + 5e-4))),
        "groups.0.conv1.weight": ("passing", 1 / math.sqrt(9 * 24)),
        "groups.1.conv1.weight": ("passing", 1 / math.sqrt(9 * 64)),
        "groups.2.conv1.weight": ("passing", 0.0),
        "groups.?.conv2.weight": ("passing", 0.0),
        "*.bias": 0.0,
        "*.norm?.weight": 1.0,
        "head.weight": ("uniform", 1 / 16),
    },
    "UNet": UNET,
    "DDPM": {f"network.{pattern}": drawn for pattern, drawn in UNET.items()},
    "TanhMLP": {
        "0.weight": ("normal", math.sqrt(2 / 52)),
        "[246].weight": ("normal", math.sqrt(2 / 100)),
        "8.weight": ("normal", math.sqrt(2 / 51)),
        "*.bias": 0.0,
    },
    "ModularAddition": {
        "embedding.weight": ("normal", LINEAR),
        "hidden.*": ("uniform", LINEAR),
        "output.*": ("uniform", 1 / math.sqrt(256)),
    },
    "ActorCritic": {
        "*.[02].weight": ("orthogonal", math.sqrt(2)),
        "actor.4.weight": ("orthogonal", 0.01),
        "critic.4.weight": ("orthogonal", 1.0),
        "*.bias": 0.0,
    },
    "FTTransformer": {
        "class_token": ("uniform", 1 / math.sqrt(192)),
        "feature_*": ("uniform", 1 / math.sqrt(192)),
        "*.attention.*.weight": ("uniform", 1 / math.sqrt(192)),
        "*.attention.*.bias": 0.0,
        "*.mlp_in.*": ("uniform", 1 / math.sqrt(192)),
        "*.mlp_out.*": ("uniform", 1 / math.sqrt(256)),
        "head.*": ("uniform", 1 / math.sqrt(192)),
        "*norm*.weight": 1.0,
        "*norm*.bias": 0.0,
    },
    "MatrixFactorization": {"*_factors.weight": ("normal", 0.1), "*_bias.weight": 0.0},
    "MatrixSensing": {"left": ("normal", 0.1), "right": ("normal", 0.1)},
    "Quadratic": {"theta": 1.0},
    "Rosenbrock": {"u": -0.5, "v": 1.5},
    "Beale": {"u": -4.5, "v": 4.5},
    "Branin": {"u": 2.5, "v": 12.5},
}


@pytest.mark.parametrize("name", OTHERS)
def test_parameters_start_from_the_documented_distributions(name: str) -> None:
    """Mean and deviation of n values are within five standard errors; bounds hold."""
    for key, parameter in OTHERS[name].model().named_parameters():
        matches = [pattern for pattern in DISTRIBUTIONS[name] if fnmatchcase(key, pattern)]
        assert len(matches) == 1, key
        check_distribution(parameter.detach(), DISTRIBUTIONS[name][matches[0]])


def check_distribution(parameter: Tensor, distribution: Distribution) -> None:
    if isinstance(distribution, float):
        assert (parameter == distribution).all()
        return
    kind, scale = distribution
    if kind == "passing":
        channels = parameter.shape[1]
        assert torch.equal(parameter[:channels], torch.nn.init.dirac_(parameter[:channels].clone()))
        kind, parameter = "uniform", parameter[channels:]
        if not len(parameter):
            return
    n = parameter.numel()
    if kind == "orthogonal":
        matrix = parameter.flatten(1)
        wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
        expected = scale**2 * torch.eye(len(wide))
        torch.testing.assert_close(wide @ wide.T, expected, rtol=0, atol=1e-5 * scale**2)
        return
    std = scale if kind == "normal" else scale / math.sqrt(3)
    assert abs(parameter.mean()) < 5 * std / math.sqrt(n)
    # The standard error of a normal's deviation; a uniform's is smaller.
    assert abs(parameter.std() - std) < 5 * std / math.sqrt(2 * n)
    if kind == "uniform":
        assert scale * (1 - 10 / n) < parameter.abs().max() <= scale
