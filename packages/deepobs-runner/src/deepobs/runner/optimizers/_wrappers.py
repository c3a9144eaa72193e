"""Wrappers of optimizers: SAM, Lookahead, schedule-free averaging and gradient centralization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..common import UsageError
from ._calls import Calls
from ._wrapper import Closure, Wrapper


class SAM(Wrapper):
    """Sharpness-aware minimization (SAM).

    The gradient g of all parameters is evaluated, then a second gradient at the weights moved by
    `rho * g / ||g||`. The wrapped optimizer steps with the latter from the original weights. A step
    costs two evaluations. Foret et al., ICLR 2021, equations 2 and 3; adaptive: Kwon et al., ICML
    2021, with elementwise `|w|` as the normalization.

    Args:
        base: The wrapped optimizer.
        rho: Radius of the neighborhood.
        adaptive: Whether the radius is relative to each weight.
    """

    calls = Calls.CLOSURE

    def __init__(self, base: Optimizer, *, rho: float = 0.05, adaptive: bool = False) -> None:
        super().__init__(base)
        if rho < 0:
            raise ValueError(f"rho must be at least 0, not {rho}")
        self.rho, self.adaptive = rho, adaptive
        self.refuse_base(called_by=(Calls.STEP,))

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Takes a step with two evaluations.

        Args:
            closure: Evaluates the objective and its gradient and returns the loss.

        Returns:
            The loss at the original weights.
        """
        if closure is None:
            raise UsageError("SAM evaluates the objective twice per step, so it needs a closure.")
        with torch.enable_grad():
            loss = closure()
        moved = [p for p in self.parameters if p.grad is not None]
        gradients = [p.grad for p in moved if p.grad is not None]
        scaled = [p.abs() * g for p, g in zip(moved, gradients, strict=True)]
        norms = torch._foreach_norm(scaled if self.adaptive else gradients)
        length = torch.stack(list(norms)).norm() + 1e-12
        weights = [p.clone() for p in moved]
        for parameter, gradient in zip(moved, gradients, strict=True):
            direction = parameter.square() * gradient if self.adaptive else gradient
            parameter.add_(direction * (self.rho / length))
        with torch.enable_grad():
            closure()
        torch._foreach_copy_([p.detach() for p in moved], weights)
        self.base.step()
        return loss


class Lookahead(Wrapper):
    """Lookahead: slow weights that follow the wrapped optimizer every `k` steps.

    After `k` steps the slow weights are interpolated towards the fast ones with the factor `alpha`,
    and the fast ones are reset to them. The slow weights are used for evaluation. Zhang et al.,
    NeurIPS 2019, algorithm 1.

    Args:
        base: The wrapped optimizer.
        k: Steps between two updates of the slow weights.
        alpha: Interpolation factor of the slow weights.
    """

    def __init__(self, base: Optimizer, *, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(base)
        if k < 1 or not 0 <= alpha <= 1:
            raise ValueError(f"k must be at least 1 and alpha from 0 to 1, not {k} and {alpha}")
        self.k, self.alpha = k, alpha
        self.calls = self.base_calls
        self.refuse_base(called_by=tuple(set(Calls) - {Calls.FUSED_BACKWARD}))
        self.own = {"slow": [p.detach().clone() for p in self.parameters], "fast": []}
        self.counts = {"steps": [0]}

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Takes a step of the wrapped optimizer; updates the slow weights every `k` steps.

        Args:
            closure: Passed to the wrapped optimizer.

        Returns:
            The return value of the wrapped optimizer.
        """
        step: Any = self.base.step
        loss = step() if closure is None else step(closure)
        self.counts["steps"][0] += 1
        if self.counts["steps"][0] % self.k == 0:
            torch._foreach_lerp_(self.own["slow"], self._values(), self.alpha)
            torch._foreach_copy_(self._values(), self.own["slow"])
        return loss

    @torch.no_grad()
    def eval(self) -> None:
        """Loads the slow weights into the model."""
        if not self.own["fast"]:
            self.own["fast"] = [p.detach().clone() for p in self.parameters]
            torch._foreach_copy_(self._values(), self.own["slow"])

    @torch.no_grad()
    def train(self) -> None:
        """Restores the fast weights in the model."""
        if self.own["fast"]:
            torch._foreach_copy_(self._values(), self.own["fast"])
            self.own["fast"] = []

    def state_dict(self) -> dict[str, Any]:
        """Returns the state in training mode, whichever weights are in the model."""
        return {**super().state_dict(), "own": {"slow": self.own["slow"]}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state_dict: The state; its tensors are copied.
        """
        super().load_state_dict(state_dict)
        self.own["fast"] = []

    def _values(self) -> list[Tensor]:
        return [p.detach() for p in self.parameters]


class ScheduleFree(Wrapper):
    """Schedule-free averaging for any optimizer.

    The wrapped optimizer updates a sequence z, whose average x is used for evaluation. Gradients
    are evaluated at `y = (1 - momentum) * z + momentum * x`. Defazio et al., NeurIPS 2024,
    equations 2 to 4. The wrapped optimizer should have no momentum.

    Args:
        base: The wrapped optimizer.
        momentum: Weight of the average in y, above 0.
        weight_lr_power: Power of the largest learning rate so far in the average's weights.
        r: Power of the step's index in the average's weights.
        weight_decay_at_y: Weight decay, computed at y.
    """

    def __init__(
        self,
        base: Optimizer,
        *,
        momentum: float = 0.9,
        weight_lr_power: float = 2.0,
        r: float = 0.0,
        weight_decay_at_y: float = 0.0,
    ) -> None:
        super().__init__(base)
        if not 0 < momentum <= 1:
            raise ValueError(f"momentum must be above 0 and at most 1, not {momentum}")
        self.momentum, self.weight_lr_power, self.r = momentum, weight_lr_power, r
        self.weight_decay_at_y = weight_decay_at_y
        self.calls = self.base_calls
        self.refuse_base(called_by=(Calls.STEP, Calls.CREATE_GRAPH, Calls.LOSS))
        values = [p.detach() for p in self.parameters]
        self.own = {"z": [v.clone() for v in values], "x": [v.clone() for v in values]}
        groups = len(self.param_groups)
        self.counts = {"steps": [0], "largest_lr": [0.0] * groups, "weight": [0.0] * groups}

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Updates z with the wrapped optimizer, then x, and loads the next y into the model.

        Args:
            closure: Passed to the wrapped optimizer.

        Returns:
            The return value of the wrapped optimizer.
        """
        values = [p.detach() for p in self.parameters]
        index = 0
        for group in self.param_groups:
            for _ in group["params"]:
                decayed = group.get("lr", 0.0) * self.weight_decay_at_y * values[index]
                values[index].copy_(self.own["z"][index]).sub_(decayed)
                index += 1
        step: Any = self.base.step
        loss = step() if closure is None else step(closure)
        torch._foreach_copy_(self.own["z"], values)
        self._average()
        self._put_y()
        return loss

    @torch.no_grad()
    def eval(self) -> None:
        """Loads the average into the model."""
        torch._foreach_copy_([p.detach() for p in self.parameters], self.own["x"])

    @torch.no_grad()
    def train(self) -> None:
        """Loads y, where the next gradient is evaluated, into the model."""
        if self.counts["steps"][0]:
            self._put_y()

    def _average(self) -> None:
        self.counts["steps"][0] += 1
        index = 0
        for number, group in enumerate(self.param_groups):
            largest = max(self.counts["largest_lr"][number], float(group.get("lr", 1.0)))
            weight = self.counts["steps"][0] ** self.r * largest**self.weight_lr_power
            self.counts["largest_lr"][number] = largest
            self.counts["weight"][number] += weight
            share = weight / self.counts["weight"][number] if weight else 0.0
            for _ in group["params"]:
                self.own["x"][index].lerp_(self.own["z"][index], share)
                index += 1

    def _put_y(self) -> None:
        y = torch._foreach_lerp(self.own["x"], self.own["z"], 1 - self.momentum)
        torch._foreach_copy_([p.detach() for p in self.parameters], y)


class GradientCentralization(Wrapper):
    """Gradient centralization: subtracts the mean over each output of matrices and kernels.

    Yong et al., ECCV 2020, equation 1.

    Args:
        base: The wrapped optimizer.
    """

    def __init__(self, base: Optimizer) -> None:
        super().__init__(base)
        self.refuse_base(called_by=(Calls.STEP,))

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """Takes a step of the wrapped optimizer with centralized gradients.

        Args:
            closure: Evaluates the objective and its gradient first and returns the loss.

        Returns:
            What the closure returned, or None without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for parameter in self.parameters:
            if parameter.grad is not None and parameter.ndim > 1:
                gradient = parameter.grad
                gradient.sub_(gradient.mean(dim=tuple(range(1, gradient.ndim)), keepdim=True))
        self.base.step()
        return loss


#: The wrappers by name, as in `SAM(SGD)`.
WRAPPERS: Mapping[str, type[Wrapper]] = {
    kind.__name__: kind for kind in (SAM, Lookahead, ScheduleFree, GradientCentralization)
}
