"""Losses as modules of (output, target), targets of a batch, and what counts as correct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from deepobs.data import Batch, ConvectionPoints, Transitions

if TYPE_CHECKING:
    from deepobs.models import ActorCriticOutput, InceptionOutput, VAEOutput

    from ._networks import ConvectionOutput

Reduction = Literal["none", "mean"]


def _reduce(losses: Tensor, reduction: Reduction) -> Tensor:
    return losses.mean() if reduction == "mean" else losses


class SequenceCrossEntropy(nn.Module):
    """Cross entropy of each step of a sequence, averaged over the steps.

    Args:
        reduction: `"none"` for one value per sequence, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Logits `[N, T, V]` and targets `[N, T]` to losses `[N]` or a scalar."""
        if self.reduction == "mean":
            return cross_entropy(logits.flatten(0, 1), targets.flatten())
        losses = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        return losses.view_as(targets).mean(dim=1)


class InceptionCrossEntropy(nn.Module):
    """Cross entropy with label smoothing 0.1, plus 0.4 × that of an auxiliary head's logits.

    Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, sections
    4 and 7. In training mode the model returns both heads, otherwise only the main one.

    Args:
        reduction: `"none"` for one value per image, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.cross_entropy = nn.CrossEntropyLoss(label_smoothing=0.1, reduction=reduction)

    def forward(self, output: Tensor | InceptionOutput, targets: Tensor) -> Tensor:
        """Logits `[N, K]` (or both heads' logits) and labels `[N]` to `[N]` or a scalar."""
        if isinstance(output, Tensor):
            return self.cross_entropy(output, targets)  # type: ignore[no-any-return]
        main = self.cross_entropy(output.logits, targets)
        return main + 0.4 * self.cross_entropy(output.aux_logits, targets)  # type: ignore[no-any-return]


class VAELoss(nn.Module):
    """Squared error summed over the pixels plus the KL divergence to the standard normal.

    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, with the squared error in
    place of the Bernoulli likelihood: ‖x̂ − x‖² − ½ Σ (1 + 2 log σ − μ² − σ²).

    Args:
        reduction: `"none"` for one value per image, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: VAEOutput, images: Tensor) -> Tensor:
        """Output and images `[N, C, H, W]` to losses `[N]` or a scalar."""
        error = (output.reconstruction - images).square().flatten(1).sum(dim=1)
        log_std = output.log_std
        terms = 1 + 2 * log_std - output.mean.square() - (2 * log_std).exp()
        divergence = -0.5 * terms.sum(dim=1)
        return _reduce(error + divergence, self.reduction)


class OutputIsLoss(nn.Module):
    """For models whose output is the loss of each example: the quadratic and 2-D functions.

    Args:
        reduction: `"none"` to return the output, `"mean"` for its mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Output `[N]` to `[N]` or a scalar; the target is not looked at."""
        del target
        return _reduce(output, self.reduction)


class SquaredError(nn.Module):
    """Squared error, summed over the values of an example.

    Args:
        reduction: `"none"` for one value for each example, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Maps outputs `[N, ...]` and targets of as many values to losses `[N]` or a scalar."""
        error = output.flatten() - target.flatten()
        return _reduce(error.view(len(target), -1).square().sum(dim=1), self.reduction)


class MeanSquaredError(nn.Module):
    """Squared error, averaged over the values of an example.

    Args:
        reduction: `"none"` for one value for each example, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Maps outputs and targets of one shape `[N, ...]` to losses `[N]` or a scalar."""
        return _reduce((output - target).square().flatten(1).mean(dim=1), self.reduction)


class ConvectionLoss(nn.Module):
    """Loss of a physics-informed network: equation, initial condition and periodic boundary.

    Each interior point has the loss r² + mean (u(x, 0) − u₀(x))² + mean (u(0, t) − u(2π, t))² with
    the residual r = ∂u/∂t + β ∂u/∂x of the equation, so that the mean over the points is the loss
    of Rathore et al., "Challenges in Training PINNs", ICML 2024, equation 2, up to factors ½.

    Args:
        reduction: `"none"` for one value for each interior point, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: ConvectionOutput, target: ConvectionPoints) -> Tensor:
        """Maps the output for `[N]` interior points and the solution to `[N]` or a scalar."""
        initial = (output.initial - target.initial).square().mean()
        boundary = (output.lower - output.upper).square().mean()
        return _reduce(output.equation.square() + initial + boundary, self.reduction)


class PPOLoss(nn.Module):
    """Clipped objective of proximal policy optimization, with a clipped value loss and entropy.

    With the ratio r of the new to the old probability of an action with advantage A, and the value
    V of an observation, which was V₀ and should be R, a transition has the loss

        max(-A r, -A clip(r, 0.8, 1.2)) + ¼ max((V - R)², (V₀ + clip(V - V₀, ±0.2) - R)²) - 0.01 H

    with the entropy H of the policy. The loss says little about the quality of a policy; use the
    return instead.

    Schulman et al., "Proximal Policy Optimization Algorithms", arXiv 1707.06347, equations 7 and 9;
    coefficients and clipped values of Huang et al., CleanRL, JMLR 23, 2022.

    Args:
        reduction: `"none"` for one value for each transition, `"mean"` for their mean.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, output: ActorCriticOutput, target: Transitions) -> Tensor:
        """Maps logits `[N, A]`, values `[N]` and transitions to losses `[N]` or a scalar."""
        log_chances = output.logits.log_softmax(-1)
        entropy = -(log_chances.exp() * log_chances).sum(-1)
        taken = log_chances.gather(-1, target.actions[:, None]).squeeze(-1)
        ratio, advantages = (taken - target.log_probabilities).exp(), target.advantages
        policy = torch.max(-advantages * ratio, -advantages * ratio.clamp(0.8, 1.2))
        clipped = target.values + (output.values - target.values).clamp(-0.2, 0.2)
        errors = [(values - target.returns).square() for values in (output.values, clipped)]
        return _reduce(policy + 0.25 * torch.max(*errors) - 0.01 * entropy, self.reduction)


def labels(batch: Batch) -> Any:
    """Returns the targets of a batch, as the target of the loss.

    Args:
        batch: A batch.

    Returns:
        `batch.targets`.

    Raises:
        ValueError: If the data set has no targets.
    """
    if batch.targets is None:
        raise ValueError("This data set has no targets: give the problem `target=inputs`.")
    return batch.targets


def inputs(batch: Batch) -> Any:
    """Returns the inputs of a batch, as the target of the loss of an autoencoder.

    Args:
        batch: A batch.

    Returns:
        `batch.inputs`.
    """
    return batch.inputs


def top1(logits: Tensor | InceptionOutput, batch: Batch) -> Tensor:
    """Returns whether the largest logit is that of the label.

    Args:
        logits: Logits `[..., num_classes]`, or those of Inception V3 with its auxiliary head's.
        batch: The batch, with labels `[...]`.

    Returns:
        Booleans `[...]`.
    """
    if not isinstance(logits, Tensor):
        logits = logits.logits
    return torch.eq(logits.argmax(dim=-1), labels(batch))
