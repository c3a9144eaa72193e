"""Learning-rate schedules by name, with warm-up, and every class of torch.optim.lr_scheduler."""
# ruff: noqa: ARG001, ARG005 - every schedule is called with the same arguments, needed or not

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.optim import Optimizer, lr_scheduler

from ._checks import is_number
from ._errors import UsageError, explain, unknown

#: Maps a position in the run, in epochs, to the factor of the base learning rate.
Factor = Callable[[float], float]


def constant(start: float, end: float) -> Factor:
    """The base rate from start to end."""
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
    """A straight line from the base rate to `final_factor` times it at the end."""
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
        begin, length = start, period
        while epoch >= begin + length:
            begin, length = begin + length, length * period_factor
        return _half_cosine((epoch - begin) / length, final_factor)

    return factor


def trapezoidal(
    start: float, end: float, *, cooldown_epochs: float | None = None, final_factor: float = 0.0
) -> Factor:
    """The base rate, then a straight line down over the last epochs.

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

# Classes of torch whose arguments are functions or other schedulers, which no file can hold.
_NEED_OBJECTS = (
    "LRScheduler",
    "LambdaLR",
    "MultiplicativeLR",
    "SequentialLR",
    "ChainedScheduler",
)
_NUMBERS_FROM_ZERO = ("warmup_epochs", "final_factor", "cooldown_epochs")
_POSITIVE_NUMBERS = ("period",)


class Schedule:
    """A torch scheduler and when to step it.

    Args:
        scheduler: The scheduler; None leaves the learning rate alone.
        every_step: Whether it moves after every optimizer step, else after every epoch.
    """

    def __init__(self, scheduler: lr_scheduler.LRScheduler | None, *, every_step: bool) -> None:
        self.scheduler = scheduler
        self.every_step = every_step

    def after_step(self) -> None:
        """Moves a schedule that counts steps."""
        if self.every_step:
            self._move()

    def after_epoch(self, loss: float) -> None:
        """Moves a schedule that counts epochs; `loss` is what ReduceLROnPlateau looks at."""
        if self.every_step:
            return
        if isinstance(self.scheduler, lr_scheduler.ReduceLROnPlateau):
            self._move(loss)
        else:
            self._move()

    def state_dict(self) -> dict[str, Any]:
        """The place in the schedule."""
        return {} if self.scheduler is None else self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes to the place that `state_dict` gave."""
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state)

    def _move(self, *loss: float) -> None:
        if self.scheduler is None:
            return
        step: Any = self.scheduler.step  # ReduceLROnPlateau's takes what others do not
        try:
            step(*loss)
        except Exception as error:
            name = type(self.scheduler).__name__
            raise UsageError(f"The schedule {name} cannot go on: {explain(error)}.") from error


def check_schedule(schedule: str | Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """The schedule in canonical form: a dictionary with `name` and the arguments that were given.

    Raises:
        UsageError: There is no such schedule, or it does not take these arguments.
    """
    given = {"name": schedule} if isinstance(schedule, str) else schedule
    given = dict(given) if isinstance(given, Mapping) else {}
    name = given.pop("name", None)
    if not isinstance(name, str):
        raise UsageError(f"schedule is a name or a mapping with a name, not {schedule!r}.")
    known = SCHEDULES.get(name) or _class(name)
    parameters = inspect.signature(known).parameters
    defaults = {key: parameters[key].default if key in parameters else None for key in given}
    given = {key: _canonical(value, defaults[key]) for key, value in sorted(given.items())}
    if name in SCHEDULES:
        _check_named(name, given, epochs)
        return {"name": name, **{k: v for k, v in given.items() if (k, v) != ("warmup_epochs", 0)}}
    _check_class(name, given, epochs)
    return {"name": name, **given}


def make_schedule(
    schedule: Mapping[str, Any], optimizer: Optimizer, *, epochs: int, steps_per_epoch: int
) -> Schedule:
    """The checked schedule, bound to an optimizer.

    Args:
        schedule: What `check_schedule` gave.
        optimizer: Whose learning rate it moves.
        epochs: Length of the run.
        steps_per_epoch: Optimizer steps an epoch.
    """
    arguments = {key: value for key, value in schedule.items() if key != "name"}
    name = schedule["name"]
    if name not in SCHEDULES:
        every_step = arguments.pop("interval", "epoch") == "step"
        made = _construct(name, optimizer, arguments)
        _check_length(made, epochs * (steps_per_epoch if every_step else 1))
        return Schedule(made, every_step=every_step)
    warmup = float(arguments.pop("warmup_epochs", 0))
    if name == "constant" and not warmup:
        return Schedule(None, every_step=False)
    factor = SCHEDULES[name](warmup, float(epochs), **arguments)
    if name == "step" and not warmup:
        return Schedule(lr_scheduler.LambdaLR(optimizer, factor), every_step=False)

    def factor_of_step(count: int) -> float:
        rise = min(1.0, (count + 1) / (warmup * steps_per_epoch)) if warmup else 1.0
        return rise * factor(max(count / steps_per_epoch, 0 if name == "step" else warmup))

    return Schedule(lr_scheduler.LambdaLR(optimizer, factor_of_step), every_step=True)


def _check_named(name: str, given: Mapping[str, Any], epochs: int) -> None:
    known = [*list(inspect.signature(SCHEDULES[name]).parameters)[2:], "warmup_epochs"]
    for key, value in given.items():
        if key not in known:
            advice = f"it takes {', '.join(known)}."
            raise unknown(f"argument of the schedule {name}", key, known, advice)
        if key in _NUMBERS_FROM_ZERO and not (is_number(value) and value >= 0):
            raise UsageError(f"{key} of the schedule {name} is a number from 0, not {value!r}.")
        if key in _POSITIVE_NUMBERS and not (is_number(value) and value > 0):
            raise UsageError(f"{key} of the schedule {name} is a positive number, not {value!r}.")
    if "period_factor" in given and not (
        is_number(given["period_factor"]) and given["period_factor"] >= 1
    ):
        raise UsageError(f"period_factor is a number from 1, not {given['period_factor']!r}.")
    if given.get("warmup_epochs", 0) + (given.get("cooldown_epochs") or 0) > epochs:
        raise UsageError(
            f"Warm-up and cool-down of the schedule {name} take longer than the {epochs} epochs."
        )
    if name == "step":
        _check_step(given.get("epochs"), given.get("factors"))


def _check_step(epochs: Any, factors: Any) -> None:
    """DeepOBS's two lists: rising epochs from 1 on, and as many factors."""
    whole = isinstance(epochs, tuple) and all(is_number(e) and e == int(e) for e in epochs)
    if not (whole and epochs and list(epochs) == sorted(set(epochs)) and epochs[0] >= 1):
        raise UsageError(
            f"epochs of the schedule step is a rising list of whole numbers from 1, not {epochs!r}."
        )
    positive = isinstance(factors, tuple) and all(is_number(f) and f >= 0 for f in factors)
    if not (positive and len(factors) == len(epochs)):
        raise UsageError(
            f"factors of the schedule step is a list of {len(epochs)} numbers from 0, as many as "
            f"its epochs, not {factors!r}."
        )


def _class(name: str) -> type[lr_scheduler.LRScheduler]:
    """The class of torch.optim.lr_scheduler of that name."""
    classes = {
        key: value
        for key, value in vars(lr_scheduler).items()
        if isinstance(value, type)
        and issubclass(value, lr_scheduler.LRScheduler)
        and not key.startswith("_")
        and key not in _NEED_OBJECTS
    }
    if name not in classes:
        choices = [*SCHEDULES, *classes]
        raise unknown("schedule", name, choices, f"there are {', '.join(SCHEDULES)}.")
    found: type[lr_scheduler.LRScheduler] = classes[name]
    return found


def _check_class(name: str, given: Mapping[str, Any], epochs: int) -> None:
    """Names and values for a class of torch.optim.lr_scheduler, tried out on a dummy optimizer."""
    if given.get("interval", "epoch") not in ("epoch", "step"):
        raise UsageError(f"interval of {name} is epoch or step, not {given['interval']!r}.")
    if name == "ReduceLROnPlateau" and given.get("interval") == "step":
        raise UsageError(f"interval of {name} is epoch: it looks at the loss of an evaluation.")
    known = [*list(inspect.signature(_class(name)).parameters)[1:], "interval"]
    for key in given:
        if key not in known:
            raise unknown(f"argument of {name}", key, known, f"it takes {', '.join(known)}.")
    dummy = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    plain = {key: value for key, value in given.items() if key != "interval"}
    tried = Schedule(_construct(name, dummy, plain), every_step=False)
    dummy.step()  # torch warns of schedules that move first
    for _ in range(epochs):  # a run moves it so often or, by the step, more often
        tried.after_epoch(loss=1.0)


def _check_length(scheduler: lr_scheduler.LRScheduler, moves: int) -> None:
    """Refuses a OneCycleLR that would raise at the end of the run."""
    total = getattr(scheduler, "total_steps", moves)
    if total < moves:
        raise UsageError(
            f"The schedule {type(scheduler).__name__} has {total} steps in all, and the run moves "
            f"it {moves} times."
        )


def _canonical(value: Any, default: Any) -> Any:
    """Lists as tuples, and 5 and 5.0 the same: the default's kind, else whole numbers as int."""
    if isinstance(value, list | tuple):
        return tuple(_canonical(item, None) for item in value)
    if not is_number(value):
        return value
    if isinstance(default, float):
        return float(value)
    return int(value) if value == int(value) else value


def _construct(
    name: str, optimizer: Optimizer, arguments: Mapping[str, Any]
) -> lr_scheduler.LRScheduler:
    plain = {key: list(v) if isinstance(v, tuple) else v for key, v in arguments.items()}
    try:
        made: lr_scheduler.LRScheduler = getattr(lr_scheduler, name)(optimizer, **plain)
    except Exception as error:
        raise UsageError(f"The schedule {name} refuses its arguments: {explain(error)}.") from error
    return made


def _share(epoch: float, start: float, end: float) -> float:
    """How much of the way from start to end has passed, from 0 to 1."""
    return (
        min(1.0, max(0.0, (epoch - start) / (end - start))) if end > start else float(epoch >= end)
    )


def _half_cosine(share: float, final: float) -> float:
    return final + (1 - final) * (1 + math.cos(math.pi * share)) / 2
