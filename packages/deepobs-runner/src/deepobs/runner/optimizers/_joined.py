"""Adapters: several optimizers as one, and kernels as matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from ..common import UsageError
from ._calls import Calls, calls_of, calls_of_instance
from ._state import load_optimizer_state


class JoinedOptimizer(Optimizer):
    """Several optimizers that train disjoint parameters, as one `torch.optim.Optimizer`.

    `param_groups` are the groups of all of them, so that a schedule scales each group's own base
    rate. In a step with a closure the closure is evaluated once; then the optimizers
    that only need gradients step, and then those that evaluate the closure themselves.

    Args:
        optimizers: The optimizers, in the order of their groups.

    Example:
        >>> from torch.optim import SGD, AdamW
        >>> weight, bias = torch.nn.Linear(2, 2).parameters()
        >>> joined = JoinedOptimizer([SGD([weight], lr=0.1), AdamW([bias], lr=1e-3)])
        >>> [group["lr"] for group in joined.param_groups]
        [0.1, 0.001]
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self.optimizers = tuple(optimizers)
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        super().__init__([{"params": list(group["params"])} for group in groups], {})
        self.param_groups = groups
        self._calls = [calls_of_instance(made, calls_of(type(made))) for made in self.optimizers]
        self.calls = _strongest(self._calls)
        self._evaluates_first = self.calls is not Calls.GRADIENT_AND_CLOSURE and set(
            self._calls
        ) != {Calls.CLOSURE}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Lets each optimizer take a step.

        Args:
            closure: Evaluates the objective and its gradient and returns the loss.

        Returns:
            What the closure returned first, or None without one.
        """
        loss = None
        if closure is not None and self._evaluates_first:
            with torch.enable_grad():
                loss = closure()
        for made, calls in zip(self.optimizers, self._calls, strict=True):
            if not calls.evaluates_itself:
                step: Any = made.step
                step((lambda: loss) if calls is Calls.LOSS else None)
        for made, calls in zip(self.optimizers, self._calls, strict=True):
            if calls.evaluates_itself:
                made.step(closure)
        return loss

    def train(self) -> None:
        """Switches optimizers with two sets of weights to training."""
        _tell(self.optimizers, "train")

    def eval(self) -> None:
        """Switches optimizers with two sets of weights to evaluation."""
        _tell(self.optimizers, "eval")

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of each optimizer."""
        return {"optimizers": [made.state_dict() for made in self.optimizers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state_dict: The states, for the same optimizers in the same order.
        """
        for made, state in zip(self.optimizers, state_dict["optimizers"], strict=True):
            load_optimizer_state(made, state)
        self.param_groups = [group for made in self.optimizers for group in made.param_groups]


class MatrixOptimizer(Optimizer):
    """An adapter that lets optimizers of matrices train kernels with more dimensions.

    A kernel of shape `[out, in, height, width]` is a matrix of shape `[out, in * height * width]`
    while the optimizer is created and while it steps. Parameters keep their identity, and the
    groups are those of the optimizer itself.

    Args:
        make: Creates the optimizer from a list of parameters.
        parameters: Parameters of at least two dimensions.
    """

    def __init__(
        self, make: Callable[[list[nn.Parameter]], Optimizer], parameters: list[nn.Parameter]
    ) -> None:
        super().__init__(parameters, {})
        with _as_matrices(parameters):
            self.base = make(parameters)
        self.defaults = self.base.defaults
        self._link()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes a step on the flattened parameters.

        Args:
            closure: Evaluates the objective and its gradient first and returns the loss.

        Returns:
            What the closure returned, or None without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with _as_matrices([p for group in self.param_groups for p in group["params"]]):
            self.base.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the optimizer; the state of kernels is flattened."""
        return self.base.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state_dict: The state.
        """
        load_optimizer_state(self.base, state_dict)
        self._link()

    def _link(self) -> None:
        self.param_groups, self.state = self.base.param_groups, self.base.state


@contextmanager
def _as_matrices(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Context in which parameters and gradients have two dimensions."""
    held = [(p, p.data, p.grad) for p in parameters if p.ndim > 2]
    for parameter, data, gradient in held:
        parameter.grad = None
        parameter.data = data.flatten(1)
        parameter.grad = None if gradient is None else gradient.flatten(1)
    try:
        yield
    finally:
        for parameter, data, gradient in held:
            if parameter.data_ptr() != data.data_ptr():  # channels-last: flatten has made a copy
                data.copy_(parameter.data.view(data.shape))
            parameter.grad = None
            parameter.data = data
            parameter.grad = gradient


def _strongest(calls: Sequence[Calls]) -> Calls:
    """Returns the way of calling that serves several joined optimizers.

    Raises:
        UsageError: If there is no such way.
    """
    kinds = set(calls) - {Calls.STEP}
    closures = {Calls.CLOSURE, Calls.GRADIENT_AND_CLOSURE, Calls.LOSS}
    if len(kinds) <= 1:
        return kinds.pop() if kinds else Calls.STEP
    if not kinds <= closures:
        raise UsageError(
            f"Optimizers that are called by {' and '.join(sorted(kinds))} cannot be joined."
        )
    return Calls.CLOSURE


def _tell(optimizers: Sequence[Optimizer], method: str) -> None:
    for made in optimizers:
        function = getattr(made, method, None)
        if callable(function):
            function()
