"""What every architecture has in common."""

import json
import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.func import functional_call

from deepobs import models

INITIAL = json.loads((Path(__file__).parent / "golden" / "initial.json").read_text())

# Constructors under the names in golden/initial.json, and what each takes: batch of three.
GRAY, COLOUR = (3, 1, 28, 28), (3, 3, 32, 32)
ARCHITECTURES = {
    "LogisticRegression": (models.LogisticRegression, GRAY),
    "MLP": (models.MLP, GRAY),
    "Net2C2D": (models.Net2C2D, GRAY),
    "VAE": (models.VAE, GRAY),
    "Net3C3D": (models.Net3C3D, COLOUR),
    "AllCNNC": (models.AllCNNC, COLOUR),
    "WideResNet-16-4": (models.WideResNet, COLOUR),
    "WideResNet-40-4": (partial(models.WideResNet, 40, 4, 100), COLOUR),
    "VGG-16": (models.VGG, COLOUR),
    "VGG-19": (partial(models.VGG, 19), COLOUR),
    "InceptionV3": (models.InceptionV3, COLOUR),
    "CharRNN": (models.CharRNN, (3, 20)),
}
# What starts at constants, and all that is small enough for tests of how modules behave.
FUNCTIONS = {
    "Quadratic": (partial(models.Quadratic, torch.eye(5)), (3, 5)),
    "Rosenbrock": (models.Rosenbrock, (3, 2)),
    "Beale": (models.Beale, (3, 2)),
    "Branin": (models.Branin, (3, 2)),
}
SMALL = {
    name: entry
    for name, entry in {**ARCHITECTURES, **FUNCTIONS}.items()
    if name not in ("VGG-16", "VGG-19", "WideResNet-40-4")
}


def make(entry, seed=0):
    torch.manual_seed(seed)
    return entry[0]()


def inputs_of(entry):
    torch.manual_seed(1)
    if isinstance(entry[0], type) and issubclass(entry[0], models.CharRNN):
        return torch.randint(0, 83, entry[1])
    return torch.rand(entry[1])


def same_weights(model, other):
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def first_tensor(output):
    return output if isinstance(output, torch.Tensor) else output[0]


def in_tensorflows_layout(shape):
    """Shape of a kernel [out, in, …] as TensorFlow has it."""
    shape = list(shape)
    return [shape[2], shape[3], shape[1], shape[0]] if len(shape) == 4 else shape[::-1]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def drawn(request):
    """The trained parameters of a new network, and the original's variables in order."""
    entry = ARCHITECTURES[request.param]
    parameters = [p.detach() for p in make(entry).parameters() if p.requires_grad]
    variables = INITIAL[request.param]
    if request.param == "CharRNN":
        parameters, variables = _joined(parameters), [*variables]
        parameters[0] = parameters[0].T  # the embedding is [vocabulary, size] in both
    return parameters, variables


def _joined(parameters):
    """An LSTM's two kernels are one in TensorFlow: one below the other."""
    embedding, *layers, weight, bias = parameters
    joined = []
    for weight_ih, weight_hh, lstm_bias in (layers[:3], layers[3:]):
        joined += [torch.cat((weight_ih, weight_hh), 1), lstm_bias]
    return [embedding, *joined, weight, bias]


def test_parameters_are_the_originals_in_number_order_and_shape(drawn):
    """Golden variables map one to one, in the order in which they are defined."""
    parameters, variables = drawn
    assert [in_tensorflows_layout(p.shape) for p in parameters] == [v[0] for v in variables]


def test_parameters_start_from_the_originals_distributions(drawn):
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


@pytest.mark.parametrize("name", SMALL)
def test_weights_depend_on_torchs_generator_alone(name):
    """The same seed gives the same weights, at construction and at every reset."""
    model, twin = make(SMALL[name]), make(SMALL[name])
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True)
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    for network in (model, twin):
        torch.manual_seed(5)
        network.reset_parameters()
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True)
    )


@pytest.mark.parametrize("name", SMALL)
def test_state_dict_makes_another_network_the_same(name):
    """A network that loads the state of another one computes the same."""
    entry = SMALL[name]
    model, other = make(entry).eval(), make(entry, seed=1).eval()
    other.load_state_dict(model.state_dict())
    outputs = []
    for network in (model, other):
        torch.manual_seed(2)
        outputs.append(first_tensor(network(inputs_of(entry))))
    assert torch.equal(*outputs)


@pytest.mark.parametrize("name", SMALL)
def test_gradient_reaches_every_trained_parameter(name):
    """Training mode; every parameter but a frozen one has a finite gradient."""
    entry = SMALL[name]
    model = make(entry).train()
    output = model(inputs_of(entry))
    total = first_tensor(output).square().sum()
    if isinstance(output, models.InceptionOutput):
        total = total + output.aux_logits.square().sum()
    if isinstance(output, models.VAEOutput):
        total = total + output.mean.sum() + output.log_std.sum()
    total.backward()
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert torch.isfinite(parameter.grad).all(), key


@pytest.mark.parametrize("name", SMALL)
def test_functional_call_takes_other_parameters(name):
    """torch.func computes with the parameters that it is given, not with the module's."""
    entry = SMALL[name]
    model, other = make(entry).eval(), make(entry, seed=1).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1e-3)
    inputs = inputs_of(entry)
    torch.manual_seed(2)
    expected = first_tensor(other(inputs))
    torch.manual_seed(2)
    actual = first_tensor(functional_call(model, dict(other.named_parameters()), (inputs,)))
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("name", SMALL)
def test_inputs_that_do_not_fit_are_refused(name):
    """A shape that the network cannot take gives one sentence that says so."""
    entry = SMALL[name]
    with pytest.raises(ValueError, match=r"of shape \[3, 4, 7\] do(es)? not fit"):
        make(entry)(torch.zeros(3, 4, 7))


@pytest.mark.parametrize("name", SMALL)
def test_runs_in_float64(name):
    """The output has the dtype of the weights."""
    entry = SMALL[name]
    inputs = inputs_of(entry)
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    model = make(entry).double().eval()
    assert first_tensor(model(inputs)).dtype == torch.float64


def test_importing_the_models_imports_torch_and_nothing_else():
    """Neither torchvision nor another package of ours comes along."""
    code = (
        "import sys, torch; before = set(sys.modules); import deepobs.models;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) <= {"deepobs", "torch"}
