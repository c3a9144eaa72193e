"""The network of airbench94, against a second implementation written from the paper.

The second one is a chain of functions of a dictionary of weights, with pooling by reshaping,
convolutions by unfolding, and batch normalisation, GELU and cross entropy by their formulas.
"""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepobs.models import Airbench94, patch_covariance

Weights = dict[str, Tensor]


def convolved(images: Tensor, kernel: Tensor, padding: int) -> Tensor:
    """Sums shifted images, one for each place of the kernel."""
    side = kernel.shape[-1]
    padded = functional.pad(images, (padding,) * 4)
    rows, columns = (size - side + 1 for size in padded.shape[2:])
    total: Tensor = images.new_zeros(len(images), len(kernel), rows, columns)
    for i, j in itertools.product(range(side), repeat=2):
        window = padded[:, :, i : i + rows, j : j + columns]
        total = total + torch.einsum("nchw,kc->nkhw", window, kernel[:, :, i, j])
    return total


def pooled(images: Tensor, side: int) -> Tensor:
    count = images.shape[-1] // side
    cut = images[..., : count * side, : count * side]
    tiles: Tensor = cut.unflatten(-1, (count, side)).unflatten(-3, (count, side))
    return tiles.amax((-3, -1))


def centred(images: Tensor, bias: Tensor) -> Tensor:
    """Batch normalisation of a training batch, without a gain."""
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = (images - mean).square().mean((0, 2, 3), keepdim=True)
    return (images - mean) / (variance + 1e-12).sqrt() + bias[:, None, None]


def gelu(values: Tensor) -> Tensor:
    return values * 0.5 * (1 + torch.erf(values / math.sqrt(2)))


def logits_of(weights: Weights, images: Tensor) -> Tensor:
    hidden = convolved(images, weights["whitening.weight"], 0)
    hidden = gelu(hidden + weights["whitening.bias"][:, None, None])
    for group in range(3):
        first, second = (weights[f"groups.{group}.conv{n}.weight"] for n in (1, 2))
        biases = [weights[f"groups.{group}.norm{n}.bias"] for n in (1, 2)]
        hidden = gelu(centred(pooled(convolved(hidden, first, 1), 2), biases[0]))
        hidden = gelu(centred(convolved(hidden, second, 1), biases[1]))
    return pooled(hidden, 3)[:, :, 0, 0] @ weights["head.weight"].T / 9


def smoothed_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Label smoothing 0.2: a fifth of the target is spread evenly over the ten classes."""
    target = torch.full_like(logits, 0.02)
    target[torch.arange(len(labels)), labels] += 0.8
    return -(target * (logits - logits.logsumexp(1, keepdim=True))).sum(1).mean()


def examples() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(6, 3, 32, 32, generator=generator, dtype=torch.float64)
    return images, torch.randint(10, (6,), generator=generator)


def network() -> Airbench94:
    """A narrow network in float64, with biases that are not zero."""
    torch.manual_seed(0)
    covariance = patch_covariance(examples()[0])
    model = Airbench94(covariance, widths=(8, 12, 16)).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.1)
    return model


def test_outputs_and_gradients_are_those_of_the_second_implementation() -> None:
    """Logits, loss and all gradients of a training batch, in float64."""
    model, (images, labels) = network(), examples()
    ours = functional.cross_entropy(model(images), labels, label_smoothing=0.2)
    ours.backward()
    weights = {n: p.detach().requires_grad_() for n, p in model.named_parameters()}
    torch.testing.assert_close(model(images), logits_of(weights, images))
    theirs = smoothed_cross_entropy(logits_of(weights, images), labels)
    torch.testing.assert_close(ours, theirs)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    gradients = torch.autograd.grad(theirs, [weights[name] for name in trained])
    for name, gradient in zip(trained, gradients, strict=True):
        torch.testing.assert_close(model.get_parameter(name).grad, gradient)


def test_ten_steps_are_those_of_the_second_implementation() -> None:
    """Losses of SGD with momentum, which changes neither the first filters nor the gains."""
    model, (images, labels) = network(), examples()
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    weights = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    speed = {name: torch.zeros_like(weights[name]) for name in trained}
    for _ in range(10):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), labels, label_smoothing=0.2)
        loss.backward()
        optimizer.step()
        for name in trained:
            weights[name] = weights[name].detach().requires_grad_()
        theirs = smoothed_cross_entropy(logits_of(weights, images), labels)
        gradients = torch.autograd.grad(theirs, [weights[name] for name in trained])
        for name, gradient in zip(trained, gradients, strict=True):
            speed[name] = 0.9 * speed[name] + gradient
            weights[name] = weights[name].detach() - 0.05 * speed[name]
        torch.testing.assert_close(loss, theirs)
    for name, weight in weights.items():
        torch.testing.assert_close(model.get_parameter(name).detach(), weight)


def test_has_as_many_parameters_as_the_paper_says() -> None:
    """1.97 million, of which the gains and the first filters are not trained."""
    counts = [p.numel() for p in Airbench94().parameters()]
    trained = [p.numel() for p in Airbench94().parameters() if p.requires_grad]
    assert (sum(counts), sum(trained)) == (1_972_792, 1_971_352)
    assert sum(counts) - sum(trained) == 24 * 12 + 2 * (64 + 256 + 256)


def test_the_first_layer_whitens_patches() -> None:
    """The covariance of twelve of its outputs is e / (e + 5e-4) for each eigenvalue e, else 0."""
    images = examples()[0] @ torch.rand(32, 32, dtype=torch.float64)  # correlated
    model = Airbench94(patch_covariance(images)).double()
    outputs = functional.conv2d(images, model.whitening.weight)
    flat = outputs.transpose(0, 1).flatten(1)
    torch.testing.assert_close(flat[12:], -flat[:12])
    eigenvalues = torch.linalg.eigvalsh(patch_covariance(images)).flip(0)
    expected = torch.diag(eigenvalues / (eigenvalues + 5e-4))
    # The filters were rounded to float32.
    torch.testing.assert_close(flat[:12] @ flat[:12].T / flat.shape[1], expected, rtol=0, atol=1e-5)


def test_filters_do_not_depend_on_the_signs_of_eigenvectors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another library for linear algebra may return the opposite vectors."""
    covariance, exact = patch_covariance(examples()[0]), torch.linalg.eigh
    before = Airbench94(covariance).whitening.weight

    def opposite(matrix: Tensor) -> tuple[Tensor, Tensor]:
        eigenvalues, vectors = exact(matrix)
        return eigenvalues, -vectors

    monkeypatch.setattr(torch.linalg, "eigh", opposite)
    assert torch.equal(Airbench94(covariance).whitening.weight, before)


def test_convolutions_start_with_the_identity() -> None:
    """Each input channel is passed on by one of the first filters; the others are random."""
    for module in Airbench94().groups.modules():
        if isinstance(module, nn.Conv2d):
            expected = torch.zeros(module.in_channels, module.in_channels, 3, 3)
            expected[:, :, 1, 1] = torch.eye(module.in_channels)
            assert torch.equal(module.weight[: module.in_channels], expected)
            assert (module.weight[module.in_channels :] != 0).all()


def test_evaluation_averages_six_views() -> None:
    """With weights 1/4, 1/4 and four times 1/8, as the paper has them; training sees one view."""
    model, images = network().eval(), examples()[0]
    alone = model(images)
    model.average_views = True
    padded = functional.pad(images, (1, 1, 1, 1), mode="reflect")
    views = [images, padded[..., :-2, :-2], padded[..., 2:, 2:]]
    views += [view.flip(-1) for view in views]
    model.average_views = False
    each = torch.stack([model(view) for view in views])
    model.average_views = True
    shares = torch.tensor([2, 1, 1, 2, 1, 1]).double() / 8
    torch.testing.assert_close(model(images), torch.einsum("v,vnk->nk", shares, each))
    assert not torch.allclose(model(images), alone)
    seen: list[int] = []
    model.whitening.register_forward_pre_hook(lambda *_: seen.append(1))
    model.train()(images)
    assert len(seen) == 1


def test_a_covariance_of_another_shape_is_refused() -> None:
    """The message states both shapes."""
    with pytest.raises(ValueError, match=r"patch_covariance of shape \[12, 12\], got \[3, 3\]"):
        Airbench94(torch.eye(3))
