"""Learning-rate schedules by name, with warm-up, and every class of torch.optim.lr_scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer, lr_scheduler

from ..common import UsageError, explain
from ._named import IN_STEPS, SCHEDULES, arguments_in_steps
from ._rates import with_rates


class Schedule:
    """A scheduler of torch, with the interval at which to step it.

    Args:
        scheduler: The scheduler; None for a constant learning rate.
        every_step: Whether to step it after every optimizer step, else after every epoch.
    """

    def __init__(self, scheduler: lr_scheduler.LRScheduler | None, *, every_step: bool) -> None:
        self.scheduler = scheduler
        self.every_step = every_step

    def after_step(self) -> None:
        """Updates a schedule that counts steps."""
        if self.every_step:
            self._move()

    def after_epoch(self, loss: float) -> None:
        """Updates a schedule that counts epochs; `loss` is for ReduceLROnPlateau."""
        if self.every_step:
            return
        if isinstance(self.scheduler, lr_scheduler.ReduceLROnPlateau):
            self._move(loss)
        else:
            self._move()

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the schedule."""
        return {} if self.scheduler is None else self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state)

    def _move(self, *loss: float) -> None:
        if self.scheduler is None:
            return
        step: Any = self.scheduler.step  # ReduceLROnPlateau has an extra argument
        try:
            step(*loss)
        except Exception as error:
            name = type(self.scheduler).__name__
            raise UsageError(f"The schedule {name} cannot continue: {explain(error)}.") from error


def make_schedule(
    schedule: Mapping[str, Any], optimizer: Optimizer, *, epochs: int, steps_per_epoch: int
) -> Schedule:
    """Returns a schedule for an optimizer.

    Args:
        schedule: The value returned by `check_schedule`.
        optimizer: The optimizer.
        epochs: Number of epochs of the run.
        steps_per_epoch: Optimizer steps per epoch.
    """
    arguments = {key: value for key, value in schedule.items() if key != "name"}
    name = schedule["name"]
    if name not in SCHEDULES:
        every_step = arguments.pop("interval", "epoch") == "step"
        made = construct(name, optimizer, arguments)
        check_length(made, epochs * (steps_per_epoch if every_step else 1))
        return Schedule(made, every_step=every_step)
    in_steps = not arguments.keys().isdisjoint(IN_STEPS.values())
    if in_steps:
        check_fit(name, arguments, epochs, steps_per_epoch)
        arguments = arguments_in_steps(name, arguments, steps_per_epoch)
    unit = 1 if in_steps else steps_per_epoch  # the steps between positions 0 and 1
    warmup = float(arguments.pop("warmup_epochs", 0))
    if name == "constant" and not warmup:
        return Schedule(None, every_step=False)
    factor = SCHEDULES[name](warmup, float(epochs * steps_per_epoch / unit), **arguments)
    if name == "step" and not warmup and not in_steps:
        return Schedule(lr_scheduler.LambdaLR(optimizer, factor), every_step=False)

    def factor_of_step(count: int) -> float:
        rise = min(1.0, (count + 1) / (warmup * unit)) if warmup else 1.0
        return rise * factor(max(count / unit, 0 if name == "step" else warmup))

    return Schedule(lr_scheduler.LambdaLR(optimizer, factor_of_step), every_step=True)


def check_fit(name: str, arguments: Mapping[str, Any], epochs: int, steps_per_epoch: int) -> None:
    """Rejects a warm-up and cool-down, some of it in steps, that a run is too short for.

    Args:
        name: One of `SCHEDULES`.
        arguments: Its arguments.
        epochs: Number of epochs of the run.
        steps_per_epoch: Optimizer steps per epoch.

    Raises:
        UsageError: If they take longer than the run.
    """
    counted = arguments_in_steps(name, arguments, steps_per_epoch)
    taken = counted.get("warmup_epochs", 0) + (counted.get("cooldown_epochs") or 0)
    if taken > epochs * steps_per_epoch:
        raise UsageError(
            f"Warm-up and cool-down of the schedule {name} take longer than the "
            f"{epochs * steps_per_epoch} steps."
        )


def check_length(scheduler: lr_scheduler.LRScheduler, moves: int) -> None:
    """Rejects a OneCycleLR that is too short for the run."""
    total = getattr(scheduler, "total_steps", moves)
    if total < moves:
        raise UsageError(
            f"The schedule {type(scheduler).__name__} has {total} steps in all, but the run needs "
            f"{moves}."
        )


def construct(
    name: str, optimizer: Optimizer, arguments: Mapping[str, Any]
) -> lr_scheduler.LRScheduler:
    """Returns a scheduler of torch; errors of its constructor become a `UsageError`."""
    plain = {
        key: list(v) if isinstance(v, tuple) else v
        for key, v in with_rates(name, optimizer, arguments).items()
    }
    try:
        made: lr_scheduler.LRScheduler = getattr(lr_scheduler, name)(optimizer, **plain)
    except Exception as error:
        raise UsageError(f"The schedule {name} refuses its arguments: {explain(error)}.") from error
    return made
