"""What every architecture has in common."""

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_map_only

from deepobs import models

from ._architectures import SMALL, Architecture

each = pytest.mark.parametrize("entry", SMALL.values(), ids=SMALL)


def same_weights(model: nn.Module, other: nn.Module) -> bool:
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_every_module_is_tested() -> None:
    """The table of architectures has an entry for each module of the package."""
    public = [getattr(models, name) for name in models.__all__]
    modules = {c for c in public if isinstance(c, type) and issubclass(c, nn.Module)}
    assert {type(entry.model()) for entry in SMALL.values()} == modules


def reset_parameters(model: nn.Module) -> None:
    """Calls the method that every model has, and `nn.Module` itself has not."""
    assert callable(model.reset_parameters)
    model.reset_parameters()


@each
def test_weights_depend_on_torchs_generator_alone(entry: Architecture) -> None:
    """The same seed gives the same weights, at construction and at every reset."""
    model, twin = entry.model(), entry.model()
    assert same_weights(model, twin)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    for network in (model, twin):
        torch.manual_seed(5)
        reset_parameters(network)
    assert same_weights(model, twin)


@each
def test_state_dict_makes_another_network_the_same(entry: Architecture) -> None:
    """A network that loads the state of another one computes the same."""
    model, other = entry.model().eval(), entry.model(seed=1).eval()
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(entry.outputs(other), entry.outputs(model), rtol=0, atol=0)


@each
def test_gradient_reaches_every_trained_parameter(entry: Architecture) -> None:
    """In training mode every parameter but a frozen one has a finite gradient."""
    model = entry.model().train()
    total = torch.stack([output.square().sum() for output in entry.outputs(model)]).sum()
    torch.autograd.backward(total)
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, key
            assert torch.isfinite(parameter.grad).all(), key


@each
def test_functional_call_takes_other_parameters(entry: Architecture) -> None:
    """torch.func computes with the parameters that it is given, not with the module's."""
    model, other = entry.model().eval(), entry.model(seed=1).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1e-3)
    parameters = {name: p.detach() for name, p in other.named_parameters()}
    actual = entry.outputs(lambda *inputs: functional_call(model, parameters, inputs))
    torch.testing.assert_close(actual, entry.outputs(other))


@each
def test_inputs_of_another_shape_are_refused(entry: Architecture) -> None:
    """The message is one sentence that states the expected shape and the given one."""
    with pytest.raises(ValueError, match=r"^Expected .* of shape \[.*\].*, got \[3, 4, 7\]\.$"):
        entry.model()(torch.zeros(3, 4, 7), *entry.inputs()[1:])


@each
def test_runs_in_float64(entry: Architecture) -> None:
    """The output has the dtype of the weights."""
    model = entry.model().double().eval()
    inputs = tree_map_only(
        Tensor, lambda x: x.double() if x.is_floating_point() else x, entry.inputs()
    )
    outputs = entry.outputs(lambda *_: model(*inputs))
    assert {output.dtype for output in outputs} == {torch.float64}


def test_importing_the_models_imports_torch_and_nothing_else() -> None:
    """Neither torchvision nor another package of DeepOBS is imported."""
    code = (
        "import sys, torch; before = set(sys.modules); import deepobs.models;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) <= {"deepobs", "torch"}
