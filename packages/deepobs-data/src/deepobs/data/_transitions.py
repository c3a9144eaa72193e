"""Transitions of a policy in environments, with advantages."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ._checks import shard_bounds
from ._dataset import Batch

DISCOUNT = 0.99  # γ of the returns
TRACE = 0.95  # λ of the advantages


class Transitions(NamedTuple):
    """Transitions of a policy, as the targets of a batch; every field has shape `[N]`.

    Attributes:
        actions: The actions, int64.
        log_probabilities: Their log probabilities when they were taken.
        advantages: Generalized advantage estimates, standardized over the batch.
        returns: The advantages before that, plus the values.
        values: The critic's values when the actions were taken.
        rewards: The rewards.
        ends: 1 where an episode ended, else 0.
    """

    actions: Tensor
    log_probabilities: Tensor
    advantages: Tensor
    returns: Tensor
    values: Tensor
    rewards: Tensor
    ends: Tensor


def advantages_of(values: Tensor, ends: Tensor, following: Tensor) -> Tensor:
    """Returns the advantages `[T, n]` of steps with reward 1.

    Aₜ = δₜ + γ λ Aₜ₊₁ with δₜ = 1 + γ Vₜ₊₁ - Vₜ, where an end of an episode cuts both off.

    Args:
        values: Values of the observations, `[T, n]`.
        ends: 1 where a step ended an episode, `[T, n]`.
        following: Values of the observations after the last step, `[n]`.
    """
    advantages, advantage = torch.empty_like(values), torch.zeros_like(following)
    for step in reversed(range(len(values))):
        goes_on = 1 - ends[step]
        error = 1 + DISCOUNT * following * goes_on - values[step]
        advantage = error + DISCOUNT * TRACE * goes_on * advantage
        advantages[step], following = advantage, values[step]
    return advantages


def rows_of(batch: Batch, rows: Tensor) -> Batch:
    """Returns the chosen transitions; `rows` are numbers or booleans."""
    return batch.map(lambda tensor: tensor[rows])


def standardised(batch: Batch, shard: tuple[int, int]) -> Batch:
    """Returns one process's part of a batch, with advantages of mean 0 and deviation 1."""
    advantages = batch.targets.advantages
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    low, high = shard_bounds(len(advantages), shard)
    whole = Batch(batch.inputs, batch.targets._replace(advantages=advantages))
    return whole.map(lambda tensor: tensor[low:high])
