"""The schedules by name: functions from a position in the run to a factor."""
# ruff: noqa: ARG001, ARG005 - every schedule is called with the same arguments, needed or not

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

#: Maps a position in the run, in epochs, to the factor of the base learning rate.
Factor = Callable[[float], float]


def constant(start: float, end: float) -> Factor:
    """Returns the base rate from start to end."""
    return lambda epoch: 1.0


def step(
    start: float, end: float, *, epochs: tuple[int, ...], factors: tuple[float, ...]
) -> Factor:
    """DeepOBS's schedule: from each of `epochs` on, the base rate times its factor."""

    def factor(epoch: float) -> float:
        passed = [value for begin, value in zip(epochs, factors, strict=True) if begin <= epoch]
        return passed[-1] if passed else 1.0

    return factor


def linear(start: float, end: float, *, final_factor: float = 0.0) -> Factor:
    """Returns a straight line from the base rate to `final_factor` times it at the end."""
    return lambda epoch: 1 + (final_factor - 1) * _share(epoch, start, end)


def cosine(start: float, end: float, *, final_factor: float = 0.0) -> Factor:
    """Half a cosine down to `final_factor`; Loshchilov and Hutter, ICLR 2017, equation 5."""
    return lambda epoch: _half_cosine(_share(epoch, start, end), final_factor)


def cosine_warm_restarts(
    start: float,
    end: float,
    *,
    period: float = 10.0,
    period_factor: float = 1.0,
    final_factor: float = 0.0,
) -> Factor:
    """SGDR: half a cosine over `period` epochs, again from the start, each longer by a factor.

    Loshchilov and Hutter, SGDR, ICLR 2017.
    """

    def factor(epoch: float) -> float:
        begin, length = _cycle(epoch - start, period, period_factor)
        return _half_cosine((epoch - start - begin) / length, final_factor)

    return factor


def trapezoidal(
    start: float, end: float, *, cooldown_epochs: float | None = None, final_factor: float = 0.0
) -> Factor:
    """Returns the base rate, then a straight line down over the last epochs.

    By default over the last fifth of the run, or over what the warm-up leaves of it.
    Zhai et al., Scaling Vision Transformers, CVPR 2022, section 3.5.
    """
    cooldown = min(0.2 * end, end - start) if cooldown_epochs is None else cooldown_epochs
    return lambda epoch: 1 + (final_factor - 1) * _share(epoch, end - cooldown, end)


#: The schedules by name. Keyword arguments are the user's; positions are epochs.
SCHEDULES: Mapping[str, Callable[..., Factor]] = {
    function.__name__: function
    for function in (constant, step, linear, cosine, cosine_warm_restarts, trapezoidal)
}


def _share(epoch: float, start: float, end: float) -> float:
    """Returns how much of the way from start to end has passed, from 0 to 1."""
    return (
        min(1.0, max(0.0, (epoch - start) / (end - start))) if end > start else float(epoch >= end)
    )


# Those that reach their last rate at the end of the run.
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
    """Returns where the current cycle of a schedule with restarts began, and its length.

    The cycles' lengths are a geometric series, so its partial sums say which cycle it is; this
    takes the same time for any number of cycles.
    """
    if growth == 1:
        return passed // period * period, period
    count = math.floor(math.log1p(passed * (growth - 1) / period) / math.log(growth))
    for number in (count - 1, count, count + 1):  # the logarithm is rounded
        begin = period * (growth**number - 1) / (growth - 1)
        length = period * growth**number
        if begin <= passed < begin + length:
            break
    return begin, length
