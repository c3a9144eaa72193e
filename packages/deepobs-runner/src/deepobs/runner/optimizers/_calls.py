"""The ways of calling an optimizer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from torch.optim import Optimizer

from ..common import UsageError, unknown


class Calls(StrEnum):
    """How one step of an optimizer is taken.

    Attributes:
        STEP: `loss.backward()`, then `step()`.
        CLOSURE: `step(closure)` alone. The closure clears the gradients, evaluates the objective,
            calls `backward` and returns the loss. L-BFGS is called like this.
        GRADIENT_AND_CLOSURE: `loss.backward()`, then `step(closure)` with the closure of `CLOSURE`,
            for optimizers that use the current gradient and evaluate further ones.
        CREATE_GRAPH: `loss.backward(create_graph=True)`, then `step()`, which differentiates the
            gradients again. AdaHessian is called like this.
        LOSS: `loss.backward()`, then `step(closure)` with a closure that only returns the
            current loss, for Polyak step sizes.
        EXAMPLE_GRADIENTS: `loss.backward()`, then `step()`, with the gradient of each example's
            loss in `parameter.grad_sample`, shape `[N, *parameter.shape]`, without the regularizer.
        FUSED_BACKWARD: `fused_backward(loss, lr)` alone, which updates during the backward pass.
            LOMO is called like this.
    """

    STEP = "step"
    CLOSURE = "closure"
    GRADIENT_AND_CLOSURE = "gradient_and_closure"
    CREATE_GRAPH = "create_graph"
    LOSS = "loss"
    EXAMPLE_GRADIENTS = "example_gradients"
    FUSED_BACKWARD = "fused_backward"

    @property
    def evaluates_itself(self) -> bool:
        """Whether the optimizer determines how often the objective is evaluated in a step."""
        return self in (Calls.CLOSURE, Calls.GRADIENT_AND_CLOSURE)


_LIBRARY = "pytorch_optimizer.optimizer"
#: Classes whose signature does not show how they are called, by module and name.
KNOWN_CALLS: Mapping[str, Calls] = {
    f"{_LIBRARY}.sam.SAM": Calls.GRADIENT_AND_CLOSURE,
    f"{_LIBRARY}.sam.LookSAM": Calls.GRADIENT_AND_CLOSURE,
    f"{_LIBRARY}.sam.FriendlySAM": Calls.GRADIENT_AND_CLOSURE,
    f"{_LIBRARY}.sam.BSAM": Calls.GRADIENT_AND_CLOSURE,
    f"{_LIBRARY}.sam.WSAM": Calls.CLOSURE,
    f"{_LIBRARY}.alig.AliG": Calls.LOSS,
    f"{_LIBRARY}.adahessian.AdaHessian": Calls.CREATE_GRAPH,
    f"{_LIBRARY}.sophia.SophiaH": Calls.CREATE_GRAPH,
    f"{_LIBRARY}.lomo.LOMO": Calls.FUSED_BACKWARD,
    f"{_LIBRARY}.lomo.AdaLOMO": Calls.FUSED_BACKWARD,
    "heavyball.SAMWrapper": Calls.CLOSURE,
    "schedulefree.adamw_schedulefree_closure.AdamWScheduleFreeClosure": Calls.CLOSURE,
    "schedulefree.radam_schedulefree_closure.RAdamScheduleFreeClosure": Calls.CLOSURE,
    "schedulefree.sgd_schedulefree_closure.SGDScheduleFreeClosure": Calls.CLOSURE,
}


def calls_of(optimizer: Callable[..., Any]) -> Calls:
    """Returns how an optimizer's class or recipe has to be called.

    Its attribute `calls` is used if it exists; otherwise the table of known classes, for the class
    or its nearest base; otherwise the signature of `step`, which may require a closure.

    Args:
        optimizer: A class, or a function that creates an optimizer.

    Raises:
        UsageError: If the attribute `calls` is invalid.

    Example:
        >>> import torch
        >>> calls_of(torch.optim.LBFGS)
        <Calls.CLOSURE: 'closure'>
    """
    declared = getattr(optimizer, "calls", None)
    if isinstance(declared, str):
        return check_calls(declared)
    if not isinstance(optimizer, type):
        return Calls.STEP
    for base in optimizer.__mro__:
        known = KNOWN_CALLS.get(f"{base.__module__}.{base.__qualname__}")
        if known is not None:
            return known
        if "step" in vars(base):
            break
    step: Any = getattr(optimizer, "step", None)
    closure = inspect.signature(step).parameters.get("closure")
    needed = closure is not None and closure.default is inspect.Parameter.empty
    return Calls.CLOSURE if needed else Calls.STEP


def calls_of_instance(made: Optimizer, otherwise: Calls) -> Calls:
    """Returns how an optimizer has to be called: its attribute `calls`, or `otherwise`."""
    declared = getattr(made, "calls", None)
    return check_calls(declared) if isinstance(declared, str) else otherwise


def check_calls(name: str) -> Calls:
    """Returns the way of calling with that name.

    Raises:
        UsageError: If it does not exist; the message names the nearest.
    """
    if name in list(Calls):
        return Calls(name)
    raise unknown(
        "way of calling an optimizer", name, list(Calls), f"there are {', '.join(Calls)}."
    )


def hint_for(error: Exception, calls: Calls) -> str:
    """Returns advice for an error in a step that the user can avoid, or an empty string.

    Args:
        error: The error that the step raised.
        calls: How the optimizer is called.
    """
    said = f"{type(error).__name__} {error}".lower()
    if "only support" in said and "2d" in said:
        return (
            "; it trains matrices alone: give it a group of them and the rest another optimizer, "
            "as in --group ndim=2 --group optimizer=AdamW"
        )
    if calls is Calls.STEP and "closure" in said:
        return (
            "; it seems to need a closure: set calls='closure', or "
            "calls='gradient_and_closure' if it starts from the current gradient"
        )
    if calls is not Calls.CREATE_GRAPH and ("grad_fn" in said or "does not require grad" in said):
        return "; it seems to differentiate the gradients again: set calls='create_graph'"
    if calls is Calls.CREATE_GRAPH and "derivative for" in said and "not implemented" in said:
        return "; this problem's model cannot be differentiated twice on this device"
    return ""


def refuse(calls: Calls, *, precision: str, processes: int = 1) -> None:
    """Checks that a way of calling supports the run's precision and processes.

    Args:
        calls: How the optimizer is called.
        precision: Precision of the run.
        processes: Number of processes.

    Raises:
        UsageError: If it does not support loss scaling or several processes.
    """
    if precision == "fp16" and calls is not Calls.STEP:
        raise UsageError(
            f"An optimizer called by {calls.value!r} cannot be used with the loss scaling of "
            "precision fp16; use bf16 or fp32."
        )
    single = (Calls.CREATE_GRAPH, Calls.EXAMPLE_GRADIENTS, Calls.FUSED_BACKWARD)
    if processes > 1 and calls in single:
        raise UsageError(
            f"An optimizer called by {calls.value!r} can be used in one process only, not in "
            f"{processes}: gradients of gradients and of examples are not exchanged."
        )
