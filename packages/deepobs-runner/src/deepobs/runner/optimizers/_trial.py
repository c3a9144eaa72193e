"""Trials of an optimizer on a small model: whether it can step, and be resumed exactly."""

from __future__ import annotations

import copy
import io
import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..common import PROCESS_STATE, InfeasibleError, explain
from ._calls import Calls, hint_for
from ._state import restore_state, savable_state

_STEPS_BEFORE, _STEPS_AFTER = 3, 12


class _TrialModel(nn.Module):
    """A small model with parameters of all shapes and roles."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 4, 3)
        self.norm = nn.GroupNorm(2, 4)
        self.hidden = nn.Linear(4, 6)
        self.output = nn.Linear(6, 3)


def trial_model() -> nn.Module:
    """Returns a small, fixed model with kernels, matrices, biases and gains."""
    with own_randomness():
        torch.manual_seed(0)
        with torch.device("cpu"):
            return _TrialModel()


def replica(module: nn.Module, largest: int = 4) -> nn.Module:
    """Returns a model with the same modules and names, but only a few entries per dimension.

    Args:
        module: Any model; it is not changed. Parameters on the meta device get random values.
        largest: Largest size of a dimension.
    """
    small = _shallow(module)
    for name, parameter in module.named_parameters():
        owner = small.get_submodule(name.rpartition(".")[0])
        cut = parameter.detach()[tuple(slice(largest) for _ in parameter.shape)]
        values = _random(cut) if cut.is_meta else cut.cpu().clone()
        value = nn.Parameter(values, requires_grad=parameter.requires_grad)
        owner._parameters[name.rpartition(".")[2]] = value
    return small


def _random(like: Tensor) -> Tensor:
    """Returns the same random values in every call."""
    generator = torch.Generator().manual_seed(0)
    return torch.rand(like.shape, generator=generator, dtype=like.dtype, device="cpu")


def _shallow(module: nn.Module) -> nn.Module:
    """Returns copies of the modules without their parameters."""
    made = copy.copy(module)
    made.__dict__ = dict(module.__dict__)
    made._parameters = dict(module._parameters)
    made._buffers = {}
    made._modules = {
        name: None if child is None else _shallow(child) for name, child in module._modules.items()
    }
    return made


def take_step(optimizer: Optimizer, calls: Calls, parameters: Sequence[nn.Parameter]) -> None:
    """Takes one step on a simple objective, in the way the optimizer is called.

    Args:
        optimizer: The optimizer.
        calls: How it is called.
        parameters: The parameters that it trains.
    """
    step = _without_hooks(optimizer)

    def objective() -> Tensor:
        terms = [(p.square() / 2 + p.pow(4) / 4 + p / 8).sum() for p in parameters]
        return torch.stack(terms).sum()

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    if calls is Calls.CLOSURE:
        step(closure)
    elif calls is Calls.FUSED_BACKWARD:
        fused: Any = optimizer
        fused.fused_backward(objective(), 1e-3)
    elif calls is Calls.CREATE_GRAPH:
        gradients = torch.autograd.grad(objective(), list(parameters), create_graph=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        step()
        optimizer.zero_grad()
    else:
        loss = closure()
        if calls is Calls.EXAMPLE_GRADIENTS:
            for parameter in parameters:
                assert parameter.grad is not None
                parameter.grad_sample = torch.stack([parameter.grad] * 2)  # type: ignore[attr-defined]
        if calls is Calls.LOSS:
            step(lambda: loss.detach())
        else:
            step(*((closure,) if calls is Calls.GRADIENT_AND_CLOSURE else ()))


def _without_hooks(optimizer: Optimizer) -> Callable[..., Any]:
    """Returns the step without global optimizer hooks, which are meant for the run's steps."""
    hooked: Any = type(optimizer).step
    plain = hooked.__wrapped__ if getattr(hooked, "hooked", False) else hooked
    return partial(plain, optimizer)


def try_step(
    name: str,
    make: Callable[[nn.Module], Optimizer],
    module: nn.Module,
    calls: Calls,
    *,
    of: str = "a model",
) -> None:
    """Takes a trial step, to find errors before a run starts.

    Args:
        name: The optimizer's name in messages.
        make: Function that creates the optimizer for a model.
        module: A small model, whose parameters are changed.
        calls: How it is called.
        of: What the module is a small copy of, in messages.

    Raises:
        InfeasibleError: If the step raises an error.
        UsageError: If it cannot be created.
    """
    with own_randomness():
        made = make(module)
        trained = [p for p in module.parameters() if p.requires_grad]
        try:
            _tell(made, "train")
            take_step(made, calls, trained)
        except Exception as error:
            raise InfeasibleError(
                f"{name} fails in a trial step on a small copy of {of}: {explain(error)}"
                f"{hint_for(error, calls)}."
            ) from error


def resumes_exactly(
    make: Callable[[nn.Module], Optimizer], module: nn.Module, calls: Calls
) -> str | None:
    """Returns why an optimizer cannot be resumed exactly, or None if it can.

    A small replica of the model is trained for a few steps, the state is saved and loaded, and a
    second optimizer with that state must do bit for bit the same as the first.

    Args:
        make: Function that creates the optimizer for a model.
        module: The model.
        calls: How the optimizer is called.
    """
    with own_randomness():
        try:
            return _first_difference(make, module, calls)
        except Exception as error:  # noqa: BLE001 - its step may need larger parameters
            return f"it fails on a small copy of the model: {explain(error)}"


def _first_difference(
    make: Callable[[nn.Module], Optimizer], module: nn.Module, calls: Calls
) -> str | None:
    torch.manual_seed(0)
    first = replica(module)
    one = make(first)
    _tell(one, "train")
    for _ in range(_STEPS_BEFORE):
        take_step(one, calls, list(first.parameters()))
    content = io.BytesIO()
    torch.save(savable_state(one), content)
    second = copy.deepcopy(first)
    other = make(second)
    _tell(other, "train")
    content.seek(0)
    why = restore_state(other, torch.load(content, weights_only=True))
    if why is not None:
        return why
    second.load_state_dict(first.state_dict())
    return _difference(one, other, first, second, calls)


def _difference(
    one: Optimizer, other: Optimizer, first: nn.Module, second: nn.Module, calls: Calls
) -> str | None:
    state = torch.get_rng_state()
    for made, module in ((one, first), (other, second)):
        torch.set_rng_state(state)
        random.seed(0)
        np.random.seed(0)
        for _ in range(_STEPS_AFTER):
            take_step(made, calls, list(module.parameters()))
    for (name, left), right in zip(first.named_parameters(), second.parameters(), strict=True):
        if not torch.equal(left, right) and not (left.isnan() & right.isnan()).all():
            return f"after its state is restored, it changes {name} differently"
    return None


@contextmanager
def own_randomness() -> Iterator[None]:
    """Context that restores the global random states; runs in other threads wait for it."""
    with PROCESS_STATE:
        python, numpy = random.getstate(), np.random.get_state()
        try:
            with torch.random.fork_rng(devices=[]):
                yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Context in which optimizers log no warnings: those of a trial are repeated by the run."""
    logger = logging.getLogger(__package__)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _tell(made: Optimizer, method: str) -> None:
    function = getattr(made, method, None)
    if callable(function):
        function()
