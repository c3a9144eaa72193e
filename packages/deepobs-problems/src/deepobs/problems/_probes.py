"""Tools for the rules: a problem that is checked, and observations of it."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from deepobs.data import Batch, Dataset

from ._built import BuiltProblem
from ._metrics import Metrics
from ._problem import Problem


class BrokenRuleError(Exception):
    """Raised if a problem breaks a rule; the message says how to fix it."""


class _Rebuild(Protocol):
    def __call__(self, seed: int = ..., dataset: Dataset | None = ...) -> BuiltProblem: ...


class Case(NamedTuple):
    """A problem that is checked, as it was built, and a function that builds it again."""

    problem: Problem
    built: BuiltProblem
    rebuild: _Rebuild

    def batch(self) -> Batch:
        """The first training batch."""
        return next(iter(self.built.batches("train")))

    def arguments(self) -> tuple[Any, ...]:
        """The arguments of the model for the first training batch."""
        inputs = self.batch().inputs
        return (inputs, None) if self.problem.carries_state else (inputs,)


def require(condition: bool | Tensor, complaint: str) -> None:
    """Raises BrokenRuleError with the complaint unless the condition holds."""
    if not condition:
        raise BrokenRuleError(complaint)


def of_first_batches(built: BuiltProblem, count: int) -> BuiltProblem:
    """Returns the same model and data as a problem whose evaluations take `count` batches."""
    limit = min(count, built.problem.evaluation_batches or count)
    return BuiltProblem(
        replace(built.problem, evaluation_batches=limit),
        built.model,
        built.dataset,
        batch_size=built.batch_size,
        weight_decay=built.weight_decay,
        seed=built.seed,
        device=built.device,
    )


def values(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers, including those that `state_dict` leaves out."""
    return dict(model.named_parameters()) | dict(model.named_buffers())


@contextmanager
def moved(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Context in which every entry of every parameter is shifted by a different amount.

    A constant shift could have no effect, for example on a softmax.

    Yields:
        The parameters as they were, by name.
    """
    start = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    with torch.no_grad():
        for parameter in model.parameters():
            shift = torch.linspace(0.1, 0.2, parameter.numel(), dtype=parameter.dtype)
            parameter.add_(shift.view_as(parameter))
    try:
        yield start
    finally:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(start[name])


def global_states() -> dict[str, bytes]:
    """The states of the global random generators, by library."""
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": pickle.dumps(np.random.get_state()),
        "Python": pickle.dumps(random.getstate()),
    }


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are equal, NaN being equal to NaN."""
    if torch.equal(a, b):
        return True
    return a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())


def all_same(a: Sequence[Tensor], b: Sequence[Tensor]) -> bool:
    """Whether there are as many tensors, each the same."""
    return len(a) == len(b) and all(map(same, a, b))


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two results agree up to the order of float32 additions."""
    return torch.allclose(a, b, rtol=1e-4, equal_nan=True)  # leaves room for long sums


def as_tensor(metrics: Metrics) -> Tensor:
    """Returns all numbers of an evaluation."""
    return torch.tensor([metrics.regularizer, *metrics.values.values()], dtype=torch.float64)


def tensors(output: Any) -> list[Tensor]:
    """Returns all tensors of a nested output, in order.

    Raises:
        BrokenRuleError: If it contains anything else.
    """
    leaves = tree_leaves(output)
    for leaf in leaves:
        if not isinstance(leaf, Tensor) and leaf is not None:
            raise BrokenRuleError(
                f"The model returns a {type(leaf).__name__}: return a tensor, or a tuple, list or "
                "dictionary of tensors."
            )
    return [leaf for leaf in leaves if leaf is not None]


def first_example(tree: Any, examples: int) -> Any:
    """Returns the part of a nested output or target that belongs to the first of the examples."""

    def first(tensor: Tensor) -> Tensor:
        return tensor[:1] if tensor.ndim and len(tensor) == examples else tensor

    return tree_map_only(Tensor, first, tree)
