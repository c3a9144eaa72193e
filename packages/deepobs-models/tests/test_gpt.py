"""GPT, against numbers recorded from nanoGPT."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from deepobs.models import GPT

GOLDEN = json.loads((Path(__file__).parent / "golden" / "nanogpt_char.json").read_text())


def draw(recipe: dict[str, Any], shape: list[int]) -> Tensor:
    """Numbers of a recipe, from numpy's legacy generator."""
    generator = np.random.RandomState(recipe["seed"])
    if recipe["kind"] == "randint":
        return torch.from_numpy(generator.randint(recipe["low"], recipe["high"], shape))
    values = generator.normal(recipe["loc"], recipe["scale"], shape)
    return torch.from_numpy(values.astype(np.float32))


@pytest.fixture
def model() -> GPT:
    """The model with the recorded weights, which are in the order of its parameters."""
    model = GPT()
    with torch.no_grad():
        for parameter, golden in zip(model.parameters(), GOLDEN["parameters"], strict=True):
            assert list(parameter.shape) == golden["shape"]
            parameter.copy_(draw(golden["recipe"], golden["shape"]))
    return model


@pytest.fixture(scope="module")
def tokens() -> Tensor:
    return draw(GOLDEN["tokens"]["recipe"], GOLDEN["tokens"]["shape"])


def losses(model: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Mean cross entropy of each sequence."""
    logits = model(tokens[:, :-1])
    cross_entropy = nn.functional.cross_entropy(
        logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none"
    )
    return cross_entropy.view(len(tokens), -1).mean(1)


def check(tensor: Tensor | None, golden: dict[str, Any]) -> None:
    """Norm and recorded entries. float32 sums in another order: 1e-4 of the root mean square."""
    assert tensor is not None
    norm = golden["l2"]
    assert tensor.norm().item() == pytest.approx(norm, rel=1e-4)
    entries = tensor.detach().flatten()[golden["idx"]]
    atol = 1e-4 * norm / math.sqrt(tensor.numel())
    torch.testing.assert_close(entries, torch.tensor(golden["values"]), rtol=1e-4, atol=atol)


def test_outputs_are_nanogpts(model: GPT, tokens: Tensor) -> None:
    """Logits and the loss of each sequence, at recorded weights."""
    check(model(tokens[:, :-1]), GOLDEN["logits"])
    expected = torch.tensor(GOLDEN["losses_per_sequence"])
    torch.testing.assert_close(losses(model, tokens), expected, rtol=1e-4, atol=0)


def test_gradients_are_nanogpts(model: GPT, tokens: Tensor) -> None:
    """The gradient of the mean loss for every parameter; the tied matrix has one."""
    torch.autograd.backward(losses(model, tokens).mean())
    assert sum(p.numel() for p in model.parameters()) == GOLDEN["num_parameters"] == 804_096
    pairs = zip(model.parameters(), GOLDEN["gradients"].values(), strict=True)
    for parameter, golden in pairs:
        check(parameter.grad, golden)


def optimizers(name: str, model: GPT) -> torch.optim.Optimizer:
    """The optimizers of the recorded trajectories."""
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=GOLDEN["trajectories"][name]["lr"])
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=GOLDEN["trajectories"][name]["lr"])
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    rest = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=GOLDEN["trajectories"][name]["lr"], betas=(0.9, 0.99))


@pytest.mark.parametrize("name", GOLDEN["trajectories"])
def test_trajectories_are_nanogpts(name: str, model: GPT, tokens: Tensor) -> None:
    """Eleven losses over ten steps, and the norms of all parameters at the end."""
    golden = GOLDEN["trajectories"][name]
    optimizer = optimizers(name, model)
    recorded = [losses(model, tokens).mean().item()]
    for _ in range(10):
        optimizer.zero_grad()
        torch.autograd.backward(losses(model, tokens).mean())
        if name not in ("sgd", "adam"):
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recorded.append(losses(model, tokens).mean().item())
    assert recorded == pytest.approx(golden["losses"], rel=1e-4)
    norms = [p.norm().item() for p in model.parameters()]
    assert norms == pytest.approx(list(golden["final_l2"].values()), rel=1e-4)


def test_attention_is_causal() -> None:
    """A token affects the logits at its own and later positions, and none before."""
    torch.manual_seed(0)
    model, tokens = GPT(width=16, depth=2), torch.randint(0, 65, (1, 10))
    changed = tokens.clone()
    changed[0, 6] = (tokens[0, 6] + 1) % 65
    difference = (model(tokens) - model(changed)).abs().amax((0, 2))
    assert (difference[:6] == 0).all()
    assert (difference[6:] > 0).all()


def test_options() -> None:
    """Biases add parameters; dropout makes training random and leaves evaluation as it is."""
    plain, full = GPT(width=16, depth=2), GPT(width=16, depth=2, bias=True, dropout=0.5)
    names = {name for name, _ in full.named_parameters()} - {n for n, _ in plain.named_parameters()}
    assert len(names) == 2 * 6 + 1
    assert all(name.endswith(".bias") for name in names)
    tokens = torch.randint(0, 65, (1, 10))
    assert not torch.equal(full(tokens), full(tokens))
    full.eval()
    assert torch.equal(full(tokens), full(tokens))


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_activation_checkpointing_changes_nothing_but_memory(dropout: float) -> None:
    """Gradients are equal with and without it, even with dropout, whose masks are replayed."""
    tokens, gradients = torch.randint(0, 65, (2, 10)), []
    for checkpointed in (False, True):
        torch.manual_seed(0)
        model = GPT(width=16, depth=2, dropout=dropout, checkpoint_activations=checkpointed).train()
        model(tokens).square().sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    torch.testing.assert_close(*gradients)


def test_checkpointing_recomputes_each_block() -> None:
    """Every block runs once more in the backward pass."""
    model, calls = GPT(width=16, depth=2, checkpoint_activations=True), []
    for block in model.blocks:
        block.register_forward_pre_hook(lambda module, inputs: calls.append(module))
    output = model(torch.zeros(1, 4, dtype=torch.long)).sum()
    assert len(calls) == 2
    output.backward()
    assert len(calls) == 4


def test_second_derivatives() -> None:
    """A Hessian-vector product agrees with the difference of two gradients."""
    torch.manual_seed(0)
    model, tokens = GPT(width=8, depth=1).double(), torch.randint(0, 65, (2, 6))
    parameters = list(model.parameters())
    vector = [torch.randn_like(p) for p in parameters]

    def gradient(create_graph: bool = False) -> tuple[Tensor, ...]:
        loss = losses(model, tokens).mean()
        return torch.autograd.grad(loss, parameters, create_graph=create_graph)

    with sdpa_kernel(SDPBackend.MATH):
        products = torch.autograd.grad(gradient(create_graph=True), parameters, vector)
    shifted = []
    for step in (1e-6, -2e-6):
        with torch.no_grad():
            for parameter, direction in zip(parameters, vector, strict=True):
                parameter.add_(direction, alpha=step)
        shifted.append(gradient())
    for product, (ahead, behind) in zip(products, zip(*shifted, strict=True), strict=True):
        # Central differences in float64 with steps of 1e-6: about 1e-9 of rounding.
        torch.testing.assert_close(product, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


def test_gradient_of_each_sequence() -> None:
    """torch.func gives the gradients of single sequences."""
    torch.manual_seed(0)
    model, tokens = GPT(width=16, depth=1).double(), torch.randint(0, 65, (3, 9))
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters: dict[str, Tensor], sequence: Tensor) -> Tensor:
        def call(inputs: Tensor) -> Tensor:
            logits: Tensor = functional_call(model, parameters, (inputs,))
            return logits

        return losses(call, sequence[None])[0]

    with sdpa_kernel(SDPBackend.MATH):
        of_each = vmap(grad(loss), in_dims=(None, 0))(parameters, tokens)
    together = torch.autograd.grad(losses(model, tokens).sum(), list(model.parameters()))
    for gradients, expected in zip(of_each.values(), together, strict=True):
        torch.testing.assert_close(gradients.sum(0), expected)


def test_too_many_tokens() -> None:
    """The message states the context."""
    with pytest.raises(ValueError, match="Expected at most 4 tokens, got 5"):
        GPT(context=4)(torch.zeros(1, 5, dtype=torch.long))


@pytest.mark.parametrize("heads", [3, 0])
def test_heads_that_do_not_divide_the_width(heads: int) -> None:
    """The message states the width."""
    with pytest.raises(ValueError, match=f"divides the width 128, got {heads}"):
        GPT(heads=heads)
