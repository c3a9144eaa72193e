"""The FT-Transformer, against that of rtdl_revisiting_models."""

import re
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from deepobs.models import FTTransformer

# The package's names of parameters, as patterns, and ours.
NAMES = {
    r"cls_embedding\.weight": "class_token",
    r"cont_embeddings\.weight": "feature_embedding",
    r"cont_embeddings\.bias": "feature_bias",
    r"backbone\.output\.normalization": "norm",
    r"backbone\.output\.linear": "head",
    r"backbone\.blocks": "blocks",
    r"attention_normalization": "norm_1",
    r"ffn_normalization": "norm_2",
    r"ffn\.linear1": "mlp_in",
    r"ffn\.linear2": "mlp_out",
    r"attention\.W_out": "attention.projection",
}


@pytest.fixture(scope="module")
def reference() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(
            "rtdl_revisiting_models", reason="compares with rtdl_revisiting_models, not installed"
        ).FTTransformer


def theirs(reference: Any, features: int = 8, outputs: int = 1, **changes: float) -> nn.Module:
    settings = reference.get_default_kwargs() | changes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not the defaults
        network: nn.Module = reference(
            n_cont_features=features, cat_cardinalities=[], d_out=outputs, **settings
        )
    return network


def ours_of(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Their parameters, or gradients, under our names: queries, keys and values are joined."""
    found: dict[str, Tensor] = {}
    for name, value in values.items():
        for pattern, replacement in NAMES.items():
            name = re.sub(pattern, replacement, name)
        found[name] = value
    for name in [name for name in found if ".W_q." in name]:
        parts = [found.pop(name.replace("W_q", part)) for part in ("W_q", "W_k", "W_v")]
        found[name.replace("W_q", "query_key_value")] = torch.cat(parts)
    return found


@pytest.mark.parametrize(("features", "outputs", "depth"), [(8, 1, 3), (3, 2, 1)])
def test_computes_what_the_package_does(
    features: int, outputs: int, depth: int, reference: Any
) -> None:
    """At equal weights outputs and gradients are equal, to the rounding of float64."""
    torch.manual_seed(0)
    other = theirs(reference, features, outputs, n_blocks=depth).double().eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.normal_(std=0.1)
    model = FTTransformer(features, outputs, depth=depth).double().eval()
    model.load_state_dict(ours_of(dict(other.named_parameters())))
    inputs = torch.randn(5, features, dtype=torch.float64)
    torch.testing.assert_close(model(inputs), other(inputs, None))
    (model(inputs).square().sum()).backward()
    (other(inputs, None).square().sum()).backward()
    gradients = {n: p.grad for n, p in other.named_parameters() if p.grad is not None}
    expected = ours_of(gradients)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name])


def test_number_of_parameters(reference: Any) -> None:
    """The default network is the package's."""
    assert sum(p.numel() for p in FTTransformer().parameters()) == 894_913
    assert sum(p.numel() for p in theirs(reference).parameters()) == 894_913


def test_ten_steps_of_sgd_are_those_of_the_package(reference: Any) -> None:
    """From equal weights without dropout, in float64."""
    torch.manual_seed(0)
    other = theirs(reference).double().eval()
    model = FTTransformer().double().eval()
    model.load_state_dict(ours_of(dict(other.named_parameters())))
    inputs, targets = torch.randn(32, 8).double(), torch.randn(32, 1).double()
    losses: list[list[float]] = []
    for network, arguments in ((model, (inputs,)), (other, (inputs, None))):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        losses.append([])
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(*arguments), targets)
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert losses[0][-1] < losses[0][0]


def test_initial_deviations_are_the_packages(reference: Any) -> None:
    """Every parameter is drawn with the deviation that the package has."""
    torch.manual_seed(0)
    expected = ours_of(dict(theirs(reference).named_parameters()))
    for name, parameter in FTTransformer().named_parameters():
        if parameter.numel() > 1:
            deviation = expected[name].std().item()
            # Five standard errors of the difference of the deviations of n draws each.
            error = 5 * deviation / parameter.numel() ** 0.5
            assert parameter.std().item() == pytest.approx(deviation, abs=error), name


def test_dropout_acts_in_training_only() -> None:
    """Of attention weights and of hidden units; two passes agree in evaluation."""
    features = torch.rand(4, 8)
    for attention, mlp in ((0.5, 0.0), (0.0, 0.5)):
        model = FTTransformer(attention_dropout=attention, mlp_dropout=mlp)
        assert not torch.equal(model(features), model(features))
        model.eval()
        assert torch.equal(model(features), model(features))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"heads": 5}, "divides the width 192, got 5"),
        ({"num_features": 0}, "num_features of at least 1, got 0"),
        ({"depth": 0}, "depth of at least 1, got 0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments: Any, message: str) -> None:
    """The message states what is expected and what was given."""
    with pytest.raises(ValueError, match=message):
        FTTransformer(**arguments)
