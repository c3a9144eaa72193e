"""Checks a schedule's name and arguments before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch.optim import lr_scheduler

from ..common import UsageError, brief, is_number, unknown
from ._named import IN_STEPS, SCHEDULES
from ._rates import arguments_of, check_factors
from ._schedule import Schedule, check_fit, check_length, construct

# Classes of torch whose arguments are functions or other schedulers, which cannot be recorded.
_NEED_OBJECTS = (
    "LRScheduler",
    "LambdaLR",
    "MultiplicativeLR",
    "SequentialLR",
    "ChainedScheduler",
)
_NUMBERS_FROM_ZERO = ("warmup_epochs", "final_factor", "cooldown_epochs")
_WHOLE_NUMBERS = ("warmup_steps", "cooldown_steps", "period_steps")
_POSITIVE_NUMBERS = ("period", "period_steps")
# Classes that reject an argument late (a modulo by zero, say) do so within their first steps.
_TRIED_MOVES = 100


def check_schedule(
    schedule: str | Mapping[str, Any],
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
) -> dict[str, Any]:
    """Returns the schedule in canonical form: a dictionary with `name` and the given arguments.

    Args:
        schedule: A name, or a mapping with `name` and the schedule's arguments.
        epochs: Number of epochs; None checks only what does not depend on it.
        steps_per_epoch: Steps per epoch; None where only the data can tell.

    Raises:
        UsageError: If the schedule or one of its arguments is invalid.
    """
    given = {"name": schedule} if isinstance(schedule, str) else schedule
    given = dict(given) if isinstance(given, Mapping) else {}
    name = given.pop("name", None)
    if not isinstance(name, str):
        raise UsageError(
            f"schedule must be a name or a mapping with a name, not {brief(schedule)}."
        )
    known = SCHEDULES.get(name) or _class(name)
    parameters = inspect.signature(known).parameters
    defaults = {key: parameters[key].default if key in parameters else None for key in given}
    given = {key: _canonical(value, defaults[key]) for key, value in sorted(given.items())}
    if name in SCHEDULES:
        _check_named(name, given, epochs)
        if epochs is not None and steps_per_epoch is not None:
            check_fit(name, given, epochs, steps_per_epoch)
        none = (("warmup_epochs", 0), ("warmup_steps", 0))
        return {"name": name, **{k: v for k, v in given.items() if (k, v) not in none}}
    _check_class(name, given, epochs)
    return {"name": name, **given}


def _check_named(name: str, given: Mapping[str, Any], epochs: int | None) -> None:
    """Checks the arguments of one of this package's schedules."""
    lengths = [*list(inspect.signature(SCHEDULES[name]).parameters)[2:], "warmup_epochs"]
    known = [*lengths, *(IN_STEPS[key] for key in lengths if key in IN_STEPS)]
    for key, value in given.items():
        if key not in known:
            advice = f"it takes {', '.join(known)}."
            raise unknown(f"argument of the schedule {name}", key, known, advice)
        if key in _WHOLE_NUMBERS and not (is_number(value) and value == int(value) and value >= 0):
            raise UsageError(
                f"{key} of the schedule {name} must be a whole number of at least 0, not "
                f"{brief(value)}."
            )
        if key in _NUMBERS_FROM_ZERO and not (is_number(value) and value >= 0):
            raise UsageError(
                f"{key} of the schedule {name} must be a number of at least 0, not {brief(value)}."
            )
        if key in _POSITIVE_NUMBERS and not (is_number(value) and value > 0):
            raise UsageError(
                f"{key} of the schedule {name} must be a positive number, not {brief(value)}."
            )
    for epochs_name, steps_name in IN_STEPS.items():
        if epochs_name in given and steps_name in given:
            raise UsageError(
                f"Give the schedule {name} either {epochs_name} or {steps_name}, not both."
            )
    if "period_factor" in given and not (
        is_number(given["period_factor"]) and given["period_factor"] >= 1
    ):
        raise UsageError(
            f"period_factor must be a number of at least 1, not {brief(given['period_factor'])}."
        )
    taken = given.get("warmup_epochs", 0) + (given.get("cooldown_epochs") or 0)
    if epochs is not None and taken > epochs:
        raise UsageError(
            f"Warm-up and cool-down of the schedule {name} take longer than the {epochs} epochs."
        )
    if name == "step":
        unit = "steps" if "steps" in given else "epochs"
        _check_step(unit, given.get(unit), given.get("factors"))


def _check_step(unit: str, changes: Any, factors: Any) -> None:
    """Checks the lists of DeepOBS's schedule: increasing epochs or steps, and as many factors."""
    whole = isinstance(changes, tuple) and all(is_number(e) and e == int(e) for e in changes)
    if not (whole and changes and list(changes) == sorted(set(changes)) and changes[0] >= 1):
        raise UsageError(
            f"{unit} of the schedule step must be an increasing list of whole numbers from 1, not "
            f"{brief(changes)}."
        )
    positive = isinstance(factors, tuple) and all(is_number(f) and f >= 0 for f in factors)
    if not (positive and len(factors) == len(changes)):
        raise UsageError(
            f"factors of the schedule step must be {len(changes)} numbers of at least 0, as many "
            f"as its {unit}, not {brief(factors)}."
        )


def _class(name: str) -> type[lr_scheduler.LRScheduler]:
    """Returns the class of torch.optim.lr_scheduler of that name."""
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


def _check_class(name: str, given: Mapping[str, Any], epochs: int | None) -> None:
    """Checks the arguments of a class of torch.optim.lr_scheduler on a dummy optimizer."""
    if given.get("interval", "epoch") not in ("epoch", "step"):
        raise UsageError(
            f"interval of {name} must be epoch or step, not {brief(given['interval'])}."
        )
    if name == "ReduceLROnPlateau" and given.get("interval") == "step":
        raise UsageError(
            f"interval of {name} must be epoch, since it needs the loss of an evaluation."
        )
    check_factors(name, given)
    known = [*arguments_of(name), "interval"]
    for key in given:
        if key not in known:
            raise unknown(f"argument of {name}", key, known, f"it takes {', '.join(known)}.")
    dummy = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    plain = {key: value for key, value in given.items() if key != "interval"}
    scheduler = construct(name, dummy, plain)
    if epochs is not None:  # a run steps it as often or more often
        check_length(scheduler, epochs)
    moves = _TRIED_MOVES if epochs is None else min(epochs, _TRIED_MOVES)
    tried = Schedule(scheduler, every_step=False)
    dummy.step()  # torch warns if the scheduler steps first
    for _ in range(min(moves, getattr(scheduler, "total_steps", moves))):
        tried.after_epoch(loss=1.0)


def _canonical(value: Any, default: Any) -> Any:
    """Returns a canonical value: lists as tuples, numbers in the default's type."""
    if isinstance(value, list | tuple):
        return tuple(_canonical(item, None) for item in value)
    if not is_number(value):
        return value
    if isinstance(default, float):
        return float(value)
    return int(value) if value == int(value) else value
