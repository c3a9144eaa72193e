"""The GPT of modded-nanogpt, against a second implementation written from its description.

The second one computes one sequence at a time from a dictionary of weights: attention by explicit
sums over earlier positions, rotations as products of complex numbers, norms by their formulas.
"""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from deepobs.models import ModdedGPT

Weights = dict[str, Tensor]
WIDTH, DEPTH, HEADS, TOKENS = 16, 2, 2, 11


def normed(vectors: Tensor, gain: Tensor | float = 1.0) -> Tensor:
    eps = torch.finfo(vectors.dtype).eps
    return vectors / (vectors.pow(2).mean(-1, keepdim=True) + eps) ** 0.5 * gain


def dense(weights: Weights, name: str, vectors: Tensor) -> Tensor:
    return vectors @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def turned(vector: Tensor, position: int) -> Tensor:
    """A vector with its two halves as real and imaginary parts, each pair turned clockwise."""
    half = len(vector) // 2
    angles = [position * 1024 ** -(i / (half // 2 - 1)) for i in range(half // 2)]
    turns = torch.tensor(
        [complex(math.cos(a), -math.sin(a)) for a in angles] + [1 + 0j] * (half // 2)
    )
    pairs = torch.complex(vector[:half], vector[half:]) * turns.to(torch.complex128)
    return torch.cat((pairs.real, pairs.imag))


def attended(weights: Weights, name: str, hidden: Tensor) -> Tensor:
    size = WIDTH // HEADS
    queries, keys, values = (
        dense(weights, f"{name}.{n}", hidden) for n in ("query", "key", "value")
    )
    rows = []
    for t in range(len(hidden)):
        parts = []
        for head in range(HEADS):
            own = slice(head * size, (head + 1) * size)
            query = turned(normed(queries[t, own]), t)
            earlier = [turned(normed(keys[s, own]), s) for s in range(t + 1)]
            scores = torch.stack([0.12 * (query * key).sum() for key in earlier]).exp()
            parts.append((scores[:, None] * values[: t + 1, own]).sum(0) / scores.sum())
        rows.append(torch.cat(parts))
    return dense(weights, f"{name}.projection", torch.stack(rows))


def logits_of(weights: Weights, tokens: Tensor) -> Tensor:
    """The logits of one sequence, `[T, V]`."""
    hidden = normed(weights["embedding.weight"][tokens], weights["norm_1.weight"])
    for number in range(DEPTH):
        name = f"blocks.{number}"
        inner = normed(hidden, weights[f"{name}.norm_1.weight"])
        hidden = hidden + attended(weights, f"{name}.attention", inner)
        inner = normed(hidden, weights[f"{name}.norm_2.weight"])
        inner = dense(weights, f"{name}.expansion", inner).clamp(min=0) ** 2
        hidden = hidden + dense(weights, f"{name}.projection", inner)
    logits = dense(weights, "output", normed(hidden, weights["norm_2.weight"]))
    return 15 * logits / (225 + logits**2) ** 0.5


def mean_loss(weights: Weights, tokens: Tensor) -> Tensor:
    losses = []
    for sequence in tokens:
        logits = logits_of(weights, sequence[:-1])
        chosen = logits[torch.arange(len(logits)), sequence[1:]]
        losses.append((logits.exp().sum(-1).log() - chosen).mean())
    return torch.stack(losses).mean()


def moved_network() -> ModdedGPT:
    """A narrow network in float64 without the zeros that it starts with."""
    torch.manual_seed(0)
    model = ModdedGPT(TOKENS, WIDTH, DEPTH, HEADS).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def sequences(*shape: int) -> Tensor:
    return torch.randint(TOKENS, shape, generator=torch.Generator().manual_seed(1))


def loss_of(model: ModdedGPT, tokens: Tensor) -> Tensor:
    logits = model(tokens[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def test_outputs_and_gradients_are_those_of_the_second_implementation() -> None:
    """Logits, loss and the gradient of every parameter, in float64."""
    model, tokens = moved_network(), sequences(3, 8)
    weights = {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters()}
    for logits, sequence in zip(model(tokens), tokens, strict=True):
        # Cosines and sines are computed in float32.
        torch.testing.assert_close(logits, logits_of(weights, sequence), rtol=1e-5, atol=1e-6)
    loss = loss_of(model, tokens)
    loss.backward()
    expected = mean_loss(weights, tokens)
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)
    gradients = torch.autograd.grad(expected, list(weights.values()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-7)


def test_ten_steps_are_those_of_the_second_implementation() -> None:
    """Losses from the start, zeros and all, with SGD with momentum."""
    torch.manual_seed(0)
    model, tokens = ModdedGPT(TOKENS, WIDTH, DEPTH, HEADS).double(), sequences(2, 6)
    weights = {n: p.detach().clone() for n, p in model.named_parameters()}
    speed = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(model, tokens)
        loss.backward()
        optimizer.step()
        leaves = {n: w.requires_grad_() for n, w in weights.items()}
        expected = mean_loss(leaves, tokens)
        gradients = torch.autograd.grad(expected, list(leaves.values()))
        for (name, weight), gradient in zip(leaves.items(), gradients, strict=True):
            speed[name] = 0.9 * speed[name] + gradient
            weights[name] = weight.detach() - 0.1 * speed[name]
        torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)
        losses.append(loss.item())
    assert losses[0] == pytest.approx(math.log(TOKENS))  # all logits are 0
    assert losses[-1] < 0.7 * losses[0]


def test_has_the_parameters_of_its_source() -> None:
    """12 blocks, 768 wide, two matrices of 50,304 × 768, and biases: 162 million."""
    with torch.device("meta"):
        model = ModdedGPT()
    block = 4 * (768**2 + 768) + 2 * 4 * 768**2 + 4 * 768 + 768 + 2 * 768
    expected = 2 * 50_304 * 768 + 50_304 + 12 * block + 2 * 768
    assert sum(p.numel() for p in model.parameters()) == expected == 162_354_816


def test_activation_checkpointing_changes_nothing_but_memory() -> None:
    """Gradients are equal with and without it; each block runs twice."""
    tokens, gradients, calls = sequences(2, 8), [], []
    for checkpointed in (False, True):
        model = moved_network().train()
        model.checkpoint_activations = checkpointed
        for block in model.blocks:
            block.register_forward_pre_hook(lambda module, inputs: calls.append(module))
        loss_of(model, tokens).backward()
        gradients.append([p.grad for p in model.parameters()])
    torch.testing.assert_close(*gradients, rtol=0, atol=0)
    assert len(calls) == DEPTH + 2 * DEPTH


def test_attention_is_causal() -> None:
    """A token affects the logits at its own and later positions, and none before."""
    model, tokens = moved_network(), sequences(1, 8)
    changed = tokens.clone()
    changed[0, 5] = (tokens[0, 5] + 1) % TOKENS
    difference = (model(tokens) - model(changed)).abs().amax((0, 2))
    assert (difference[:5] == 0).all()
    assert (difference[5:] > 0).all()


def test_logits_are_bounded() -> None:
    """However large the output layer's are."""
    model = moved_network()
    with torch.no_grad():
        model.output.weight.mul_(1e6)
    assert model(sequences(2, 8)).abs().max() <= 15


def test_second_derivatives() -> None:
    """With torch's plain attention kernel."""
    model, tokens = moved_network(), sequences(1, 5)
    with sdpa_kernel(SDPBackend.MATH):
        gradients = torch.autograd.grad(
            loss_of(model, tokens), list(model.parameters()), create_graph=True
        )
        total = torch.stack([gradient.square().sum() for gradient in gradients]).sum()
        seconds = torch.autograd.grad(total, list(model.parameters()))
    assert all(second.isfinite().all() for second in seconds)


@pytest.mark.parametrize(
    ("heads", "words"), [(3, "divides the width 16"), (8, "multiple of four, got 16 / 8")]
)
def test_heads_that_do_not_fit(heads: int, words: str) -> None:
    """The message states both numbers."""
    with pytest.raises(ValueError, match=words):
        ModdedGPT(TOKENS, WIDTH, DEPTH, heads)
