"""What all wrappers of optimizers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ..common import UsageError
from ._calls import Calls, calls_of, calls_of_instance
from ._state import load_optimizer_state

#: Evaluates the objective and its gradient, and returns the objective.
Closure = Callable[[], Any]


class Wrapper(Optimizer):
    """Base class of optimizers that wrap another one and share its parameter groups.

    Subclasses keep their own tensors in `self.own`, by name and in the order of the parameters, and
    numbers in `self.counts`; both are part of the state dict.

    Args:
        base: The wrapped optimizer.
    """

    def __init__(self, base: Optimizer) -> None:
        super().__init__([{"params": list(group["params"])} for group in base.param_groups], {})
        self.base = base
        self.defaults = base.defaults
        self.param_groups = base.param_groups
        self.base_calls = calls_of_instance(base, calls_of(type(base)))
        self.own: dict[str, list[Tensor]] = {}
        self.counts: dict[str, list[float]] = {}

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All parameters, in the order of the groups."""
        return [p for group in self.param_groups for p in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the wrapped optimizer and of the wrapper."""
        return {"base": self.base.state_dict(), "own": self.own, "counts": self.counts}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state_dict: The state; its tensors are copied.
        """
        load_optimizer_state(self.base, state_dict["base"])
        self.param_groups = self.base.param_groups
        self.own = {
            name: [t.to(p.device, copy=True) for t, p in zip(held, self.parameters, strict=True)]
            for name, held in state_dict["own"].items()
        }
        self.counts = {name: list(held) for name, held in state_dict["counts"].items()}

    def refuse_base(self, *, called_by: tuple[Calls, ...]) -> None:
        """Checks that the base is called in a supported way and has one set of weights."""
        name, base = type(self).__name__, type(self.base).__name__
        if self.base_calls not in called_by:
            raise UsageError(
                f"{name} cannot wrap {base}, which is called by {self.base_calls.value!r}; it "
                f"wraps optimizers that are called by {' or '.join(called_by)}."
            )
        if callable(getattr(self.base, "eval", None)):
            raise UsageError(f"{name} cannot wrap {base}, which keeps two sets of weights itself.")
