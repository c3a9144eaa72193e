"""Named metrics, which an evaluation returns besides the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from deepobs.data import Batch

Parts = tuple[Tensor, Tensor]


class Metrics(NamedTuple):
    """The result of an evaluation: means over the examples of a phase.

    Attributes:
        loss: Mean loss without the regularizer.
        regularizer: The L2 term, the same for every phase; 0 if the problem has none.
        accuracy: Fraction of correct predictions; None if the problem has no accuracy.
        values: Every metric of the problem by name, and `"loss"`.
    """

    loss: float
    regularizer: float
    accuracy: float | None
    values: Mapping[str, float] = MappingProxyType({})


def identity(value: float) -> float:
    """Returns the value."""
    return value


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named metric of a model.

    The metric is `finish` applied to the ratio of two sums over the examples of a phase, so that
    batches of unequal size and several processes give the same number as one large batch.

    Attributes:
        name: Name in results: letters, digits and underscores.
        higher_is_better: Direction of improvement.
        parts: Maps (output, batch) to the numerator and the denominator, each summed over the
            batch; None for the loss itself.
        finish: Maps the ratio of the sums over the phase to the metric.
        of_all: For a metric that is no ratio of sums: maps the outputs and the targets of the whole
            phase to the metric. `parts` then returns those of the batch, `[n, K]` each.

    Example:
        >>> def absolute_error(output, batch):
        ...     return (output - batch.targets).abs().sum(), torch.tensor(len(output))
        >>> mae = Metric(name="mae", higher_is_better=False, parts=absolute_error)
    """

    name: str
    higher_is_better: bool
    parts: Callable[[Any, Batch], Parts] | None
    finish: Callable[[float], float] = identity
    of_all: Callable[[Tensor, Tensor], float] | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(
                f"The name of a metric consists of letters, digits and underscores, but is"
                f" {self.name!r}."
            )

    def value(self, numerator: float, denominator: float) -> float:
        """Returns the metric from the two sums over a phase.

        Args:
            numerator: Sum of the numerators of all batches.
            denominator: Sum of the denominators.
        """
        return self.finish(numerator / denominator)


#: The mean loss, for problems without a metric of their own.
LOSS = Metric(name="loss", higher_is_better=False, parts=None)


def accuracy(correct: Callable[[Any, Batch], Tensor]) -> Metric:
    """Returns the accuracy: the fraction of predictions that are correct.

    Args:
        correct: Maps (output, batch) to one boolean per prediction.

    Returns:
        The metric.
    """
    return Metric(name="accuracy", higher_is_better=True, parts=partial(_fraction, correct))


def _fraction(correct: Callable[[Any, Batch], Tensor], output: Any, batch: Batch) -> Parts:
    found = correct(output, batch)
    return found.sum(), torch.tensor(found.numel())


def _cross_entropy(logits: Tensor, batch: Batch) -> Parts:
    targets: Tensor = batch.targets
    total = cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="sum")
    return total, torch.tensor(targets.numel())


def _squared_error(output: Tensor, batch: Batch) -> Parts:
    targets: Tensor = batch.targets  # as many values as the output, perhaps of another shape
    error = (output.flatten() - targets.flatten()).square().sum()
    return error, torch.tensor(output.numel())


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


#: exp of the mean cross entropy of a token.
PERPLEXITY = Metric(name="perplexity", higher_is_better=False, parts=_cross_entropy, finish=_exp)


def _rewards_and_ends(_output: Any, batch: Batch) -> Parts:
    return batch.targets.rewards.sum(), batch.targets.ends.sum()


#: Mean sum of the rewards of an episode, for batches of whole episodes.
EPISODIC_RETURN = Metric(name="episodic_return", higher_is_better=True, parts=_rewards_and_ends)

#: Root of the mean squared error.
RMSE = Metric(name="rmse", higher_is_better=False, parts=_squared_error, finish=math.sqrt)
