"""The schedules by name: functions from a position in the run to a factor."""
# ruff: noqa: ARG001, ARG005 - every schedule is called with the same arguments, needed or not

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

#: Maps a position in the run to the factor of the base learning rate. Positions and the lengths
#: among a schedule's arguments are in one unit: epochs, or steps if an argument is in steps.
Factor = Callable[[float], float]


def constant(start: float, end: float) -> Factor:
    """Returns 1: a constant learning rate."""
    return lambda epoch: 1.0


def step(
    start: float, end: float, *, epochs: tuple[int, ...], factors: tuple[float, ...]
) -> Factor:
    """Returns the factor of DeepOBS's schedule, which changes at each of `epochs`."""

    def factor(epoch: float) -> float:
        passed = [value for begin, value in zip(epochs, factors, strict=True) if begin <= epoch]
        return passed[-1] if passed else 1.0

    return factor


def linear(start: float, end: float, *, final_factor: float = 0.0) -> Factor:
    """Returns a factor that decays linearly to `final_factor` at the end."""
    return lambda epoch: 1 + (final_factor - 1) * _share(epoch, start, end)


def cosine(start: float, end: float, *, final_factor: float = 0.0) -> Factor:
    """Returns half a cosine down to `final_factor`; Loshchilov and Hutter 2017, equation 5."""
    return lambda epoch: _half_cosine(_share(epoch, start, end), final_factor)


def cosine_warm_restarts(
    start: float,
    end: float,
    *,
    period: float = 10.0,
    period_factor: float = 1.0,
    final_factor: float = 0.0,
) -> Factor:
    """Returns half a cosine over `period` epochs, restarted, each longer by a factor (SGDR).

    Loshchilov and Hutter, SGDR, ICLR 2017.
    """

    def factor(epoch: float) -> float:
        begin, length = _cycle(epoch - start, period, period_factor)
        return _half_cosine((epoch - start - begin) / length, final_factor)

    return factor


def trapezoidal(
    start: float, end: float, *, cooldown_epochs: float | None = None, final_factor: float = 0.0
) -> Factor:
    """Returns 1, then a linear decay over the last epochs.

    By default it decays over the last fifth of the run, or over what the warm-up leaves of it.
    Zhai et al., Scaling Vision Transformers, CVPR 2022, section 3.5.
    """
    cooldown = min(0.2 * end, end - start) if cooldown_epochs is None else cooldown_epochs
    return lambda epoch: 1 + (final_factor - 1) * _share(epoch, end - cooldown, end)


#: The schedules by name. Keyword arguments are the user's.
SCHEDULES: Mapping[str, Callable[..., Factor]] = {
    function.__name__: function
    for function in (constant, step, linear, cosine, cosine_warm_restarts, trapezoidal)
}


#: Arguments that count epochs, and the names under which they count steps.
IN_STEPS: Mapping[str, str] = {
    "warmup_epochs": "warmup_steps",
    "cooldown_epochs": "cooldown_steps",
    "period": "period_steps",
    "epochs": "steps",
}


def arguments_in_steps(
    name: str, arguments: Mapping[str, Any], steps_per_epoch: int
) -> dict[str, Any]:
    """Returns a schedule's arguments with every length in steps, under the names of epochs.

    Args:
        name: One of `SCHEDULES`.
        arguments: Its arguments, whose lengths are in steps or in epochs; they may be mixed.
        steps_per_epoch: Steps per epoch.
    """
    counted = dict(arguments)
    parameters = inspect.signature(SCHEDULES[name]).parameters
    for epochs, steps in IN_STEPS.items():
        default = parameters[epochs].default if epochs in parameters else None
        value = counted.get(epochs, default)
        if steps in counted:
            counted[epochs] = counted.pop(steps)
        elif isinstance(value, tuple):
            counted[epochs] = tuple(epoch * steps_per_epoch for epoch in value)
        elif isinstance(value, int | float):
            counted[epochs] = value * steps_per_epoch
    return counted


def _share(epoch: float, start: float, end: float) -> float:
    """Returns the fraction of the interval that has passed, from 0 to 1."""
    return (
        min(1.0, max(0.0, (epoch - start) / (end - start))) if end > start else float(epoch >= end)
    )


# Schedules that depend on the length of the run.
_UNTIL_THE_END = ("linear", "cosine", "trapezoidal", "OneCycleLR")


def depends_on_length(schedule: Mapping[str, Any]) -> bool:
    """Returns whether a schedule's rates change with the number of epochs of the run.

    Args:
        schedule: A name and arguments, as `check_schedule` returns them.
    """
    return schedule["name"] in _UNTIL_THE_END


def _half_cosine(share: float, final: float) -> float:
    return final + (1 - final) * (1 + math.cos(math.pi * share)) / 2


def _cycle(passed: float, period: float, growth: float) -> tuple[float, float]:
    """Returns the start and length of the current cycle of a schedule with restarts.

    The cycles' lengths are a geometric series, whose partial sums give the number of the cycle in
    constant time.
    """
    if growth == 1:
        return passed // period * period, period
    count = math.floor(math.log1p(passed * (growth - 1) / period) / math.log(growth))
    for number in (count - 1, count, count + 1):  # the logarithm is inexact
        begin = period * (growth**number - 1) / (growth - 1)
        length = period * growth**number
        if begin <= passed < begin + length:
            break
    return begin, length
