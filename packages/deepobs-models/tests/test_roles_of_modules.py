"""Roles of the parameters of a user's modules, and roles that are declared."""

from collections.abc import Mapping

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from deepobs import models
from deepobs.models import DeclaresRoles, Role, parameter_depths, parameter_roles

from ._checks import Transformer, check


class ResNet(nn.Module):
    """A small network as torchvision builds its ResNets."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.GroupNorm(2, 8), nn.PReLU(8))
        self.downsample = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.fc = nn.Linear(8, 10)


TRANSFORMER = {
    "embedding": "pos_embedding cls_token tokens.weight",
    "hidden": "*.in_proj_weight *.out_proj.weight *.linear?.weight",
    "gain": "*.norm?.weight",
    "bias": "*bias",
}


def test_roles_of_a_residual_network() -> None:
    """Convolutions, gains of every kind of norm, the slopes of PReLU, and the last layer."""
    expected = {
        "convolution": "conv1.weight layer1.0.weight downsample.0.weight",
        "output": "fc.weight",
        "gain": "bn1.weight layer1.1.weight downsample.1.weight",
        "bias": "*.bias",
        "other": "layer1.2.weight",
    }
    check(parameter_roles(ResNet()), expected)


def test_roles_of_a_transformer() -> None:
    """Attention's joint projection is hidden; positions and the class token are embeddings."""
    check(parameter_roles(Transformer()), TRANSFORMER | {"output": "head.weight"})


def test_attention_with_separate_projections() -> None:
    """Where keys have another width, the three projections are parameters of their own."""
    attention = nn.MultiheadAttention(8, 2, kdim=4, vdim=4, add_bias_kv=True)
    roles = parameter_roles(nn.Sequential(attention, nn.Linear(8, 2)))
    expected = {
        "hidden": "0.?_proj_weight 0.out_proj.weight",
        "output": "1.weight",
        "bias": "0.in_proj_bias 0.bias_? *.bias",
    }
    check(roles, expected)


def test_tied_weight_is_an_embedding() -> None:
    """The output layer shares the weight of an embedding: it is listed once, as an embedding."""
    check(parameter_roles(Transformer(tied=True)), TRANSFORMER)


def test_tied_weight_is_an_embedding_whichever_comes_first() -> None:
    """The weight has the name of the linear layer, and the role of the embedding."""
    model = nn.ModuleDict({"head": nn.Linear(8, 12, bias=False), "tokens": nn.Embedding(12, 8)})
    model["tokens"].weight = model["head"].weight
    assert parameter_roles(model) == {"head.weight": "embedding"}


def test_recurrent_layers() -> None:
    """Recurrent matrices are hidden, also of cells and with a projection; none is an output."""
    model = nn.ModuleList([nn.LSTM(3, 4, 2, proj_size=2), nn.GRUCell(3, 4), nn.RNN(3, 4)])
    check(parameter_roles(model), {"hidden": "*.weight_*", "bias": "*.bias_*"})


def test_last_transposed_convolution_is_the_output_layer() -> None:
    """An image-to-image network ends with a convolution, which is its output layer."""
    model = nn.Sequential(nn.Conv1d(1, 2, 3), nn.LayerNorm(4), nn.ConvTranspose1d(2, 1, 3))
    expected = {
        "convolution": "0.weight",
        "gain": "1.weight",
        "output": "2.weight",
        "bias": "*.bias",
    }
    check(parameter_roles(model), expected)


@pytest.mark.parametrize(
    ("name", "shape", "role"),
    [
        ("weight", (4, 3), "hidden"),
        ("weight", (4,), "gain"),
        ("gamma", (4,), "gain"),
        ("layer_scale", (4, 1, 1), "gain"),
        ("beta", (4,), "bias"),
        ("q_bias", (4,), "bias"),
        ("patch_embed", (4, 3), "embedding"),
        ("mask_token", (4,), "embedding"),
        ("logit_scale", (), "other"),
        ("relative_position_bias_table", (9, 2), "other"),
        ("theta", (4, 3), "other"),
        ("weight", (4, 3, 2), "other"),
    ],
)
def test_parameters_of_a_module_of_ones_own(name: str, shape: tuple[int, ...], role: str) -> None:
    """In a module of an unknown type the name and the number of dimensions decide."""
    layer = nn.Module()
    layer.register_parameter(name, nn.Parameter(torch.zeros(shape)))
    model = nn.Sequential(layer, nn.Linear(2, 2, bias=False))
    assert parameter_roles(model) == {f"0.{name}": role, "1.weight": "output"}


def test_embedding_of_ones_own() -> None:
    """A matrix called weight is an embedding where the class says so."""

    class ScaledEmbedding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 3))

    assert parameter_roles(ScaledEmbedding()) == {"weight": "embedding"}


def test_weight_that_is_normalised() -> None:
    """The direction of a weight has the role of the weight; its norms are other."""
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4)), nn.Linear(4, 2))
    part = "0.parametrizations.weight.original"
    expected = {"hidden": f"{part}1", "output": "1.weight", "bias": "*.bias", "other": f"{part}0"}
    check(parameter_roles(model), expected)


def test_parametrized_module_alone() -> None:
    """A single parametrized layer is an output layer."""
    model = parametrizations.spectral_norm(nn.Linear(3, 4))
    expected = {"output": "parametrizations.weight.original", "bias": "bias"}
    check(parameter_roles(model), expected)


class Heads(nn.Module):
    """Declares roles that types of layers do not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.head_0 = nn.Linear(3, 2)
        self.head_1 = nn.Linear(3, 2)
        self.queries = nn.Parameter(torch.zeros(2, 3))
        self.mixer = nn.Linear(3, 3)

    def declared_roles(self) -> Mapping[str, Role | str]:
        return {"head_?.weight": Role.OUTPUT, "queries": "embedding"}


HEADS = {
    "head_0.weight": "output",
    "head_0.bias": "bias",
    "head_1.weight": "output",
    "head_1.bias": "bias",
    "queries": "embedding",
    "mixer.weight": "hidden",
    "mixer.bias": "bias",
}


def test_module_declares_its_roles() -> None:
    """Declarations have precedence; a declared output layer replaces the last one."""
    assert isinstance(Heads(), DeclaresRoles)
    assert parameter_roles(Heads()) == HEADS


def test_declaration_holds_inside_another_module_and_inside_a_wrapper() -> None:
    """Names are relative to the module that declares."""
    assert parameter_roles(nn.Sequential(Heads())) == {f"0.{k}": v for k, v in HEADS.items()}
    compiled = torch.compile(Heads(), backend="eager")
    assert isinstance(compiled, nn.Module)
    assert parameter_roles(compiled) == {f"_orig_mod.{k}": v for k, v in HEADS.items()}


def test_outer_declaration_decides() -> None:
    """Where two modules declare a parameter, the outer one decides."""

    class Outer(nn.Sequential):
        def declared_roles(self) -> Mapping[str, Role | str]:
            return {"0.queries": "other"}

    assert parameter_roles(Outer(Heads()))["0.queries"] == "other"


def test_overrides_decide_last() -> None:
    """The argument has precedence over declarations and rules; names and patterns both work."""
    roles = parameter_roles(Heads(), {"*.bias": "other", "head_0.bias": Role.GAIN})
    assert roles == HEADS | {"head_0.bias": "gain", "head_1.bias": "other", "mixer.bias": "other"}


def test_override_of_the_output_layer() -> None:
    """With an output layer named, the layer defined last is a hidden one."""
    roles = parameter_roles(models.MLP(4, 2, hidden=(3,)), {"1.weight": "output"})
    assert roles == {"1.weight": "output", "1.bias": "bias", "3.weight": "hidden", "3.bias": "bias"}


def test_tied_weight_has_all_its_names_in_overrides() -> None:
    """The second name of a tied weight is found too."""
    roles = parameter_roles(Transformer(tied=True), {"head.weight": "output"})
    assert roles["tokens.weight"] == "output"


def test_name_that_matches_nothing() -> None:
    """The message names the module, the pattern and the nearest name."""
    message = r"MLP has no parameter that matches '1.wieght'; the nearest name is '1.weight'\."
    with pytest.raises(ValueError, match=message):
        parameter_roles(models.MLP(), {"1.wieght": "hidden"})
    with pytest.raises(ValueError, match=r"ReLU has no parameter that matches 'a'\."):
        parameter_roles(nn.ReLU(), {"a": "hidden"})


def test_unknown_role() -> None:
    """The message lists the roles."""
    message = "no role 'matrix'; the roles are embedding, hidden, convolution, output, bias, gain"
    with pytest.raises(ValueError, match=message):
        parameter_roles(models.MLP(), {"1.weight": "matrix"})


def test_frozen_and_unnamed_parameters() -> None:
    """Frozen parameters have roles too; a module without parameters has none."""
    model = models.MLP(4, 2, hidden=(3,)).requires_grad_(False)
    assert list(parameter_roles(model)) == [name for name, _ in model.named_parameters()]
    assert parameter_roles(nn.ReLU()) == {}
    assert parameter_depths(nn.ReLU()) == {}
