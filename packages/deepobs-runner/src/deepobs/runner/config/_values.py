"""Checks of single settings, and how a missing value is looked up."""
# ruff: noqa: ARG001 - every check takes the setting's name, needed or not

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..common import UsageError, brief, number, scalar, unknown, whole

if TYPE_CHECKING:
    from deepobs.problems import Problem

    from ..optimizers import FoundOptimizer

Check = Callable[[str, Any], Any]
MOST_WHOLE = 2**63 - 1  # what the frame's integer columns hold


def whole_number(*, least: int) -> Check:
    """Returns a check for whole numbers from `least` on."""
    return lambda name, value: whole(name, value, least=least, most=MOST_WHOLE)


def finite_number(*, least: float) -> Check:
    """Returns a check for finite numbers from `least` on."""
    return lambda name, value: number(name, value, least=least)


def positive_number(name: str, value: Any) -> float:
    """Returns a finite number above 0."""
    checked = number(name, value, least=0.0)
    if checked == 0:
        raise UsageError(f"{name} must be a positive number, not 0.")
    return checked


def share(name: str, value: Any) -> float:
    """Returns a number from 0 to below 1."""
    checked = number(name, value, least=0.0)
    if not checked < 1:
        raise UsageError(f"{name} must be a fraction from 0 to below 1, not {checked}.")
    return checked


def one_of(what: str, choices: tuple[str, ...]) -> Check:
    """Returns a check for one of several words."""

    def check(name: str, value: Any) -> str:
        expected = f"expected one of {', '.join(choices)}."
        if not isinstance(value, str):
            raise UsageError(f"{name} must be a string, not {brief(value)}; {expected}")
        if value not in choices:
            raise unknown(what, value, choices, expected)
        return str(value)

    return check


def boolean(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be True or False, not {brief(value)}.")
    return value


def class_path(name: str, value: Any) -> str:
    """Returns the import path of a class, given as such or as the class."""
    path = f"{value.__module__}.{value.__qualname__}" if isinstance(value, type) else value
    if not isinstance(path, str) or not all(part.isidentifier() for part in path.split(".")):
        raise UsageError(
            f"{name} must be a class of a module, or its path package.module.Class, not "
            f"{brief(value)}."
        )
    return path


def a_problem(name: str, value: Any) -> Any:
    """Returns a problem, or the name of one; stays as it was given."""
    find_problem(value)
    return value


def find_problem(problem: Any) -> Problem:
    """Returns the problem of a name; a problem stays as it is.

    Raises:
        UsageError: The value is neither.
        deepobs.problems.UnknownProblemError: No problem has that name.
    """
    from deepobs.problems import Problem, get_problem  # here: brings torch

    if isinstance(problem, Problem):
        return problem
    if not isinstance(problem, str):
        raise UsageError(f"problem must be a name or a Problem, not {brief(problem)}.")
    return get_problem(problem)


def an_optimizer(name: str, value: Any) -> Any:
    """Returns an optimizer's class, or the name of one; stays as it was given."""
    optimizer_of({"optimizer": value})
    return value


def learning_rate(name: str, value: Any) -> float:
    """Returns a finite number from 0 on; a tensor of one element is one too."""
    return number(name, scalar(value), least=0.0)


def else_the_optimizers(value: Any, before: Mapping[str, Any]) -> float | None:
    """Returns the learning rate, or the optimizer's own; None for an optimizer without one."""
    from ..optimizers import check_lr  # here: brings torch

    return check_lr(optimizer_of(before), value)


def hyperparameters(name: str, value: Any) -> Mapping[str, Any]:
    """Returns a mapping from names."""
    if not (isinstance(value, Mapping) and all(isinstance(key, str) for key in value)):
        raise UsageError(f"{name} must be a mapping from names to values, not {brief(value)}.")
    return value


def schedule(name: str, value: Any) -> dict[str, Any]:
    """Returns a schedule that some length of run accepts."""
    from ..schedules import check_schedule  # here: brings torch

    return check_schedule(value)


def fitting_schedule(value: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schedule, checked against the run's length."""
    from ..schedules import check_schedule  # here: brings torch

    return check_schedule(value, before["epochs"], _interval(before))


def of_the_optimizer(value: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the hyperparameters, checked against the optimizer's signature."""
    from ..optimizers import check_hyperparameters  # here: brings torch

    return check_hyperparameters(optimizer_of(before), before["lr"], value)


def groups(name: str, value: Any) -> list[Any]:
    """A list of groups, each a mapping or a text; what they hold depends on the optimizer."""
    from ..optimizers import read_groups  # here: brings torch

    return read_groups(value)


def of_the_optimizers(value: Any, before: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the groups as texts, checked against their optimizers' signatures."""
    from ..optimizers import check_groups  # here: brings torch

    return tuple(map(str, check_groups(value, optimizer_of(before), before["lr"])))


def calls(name: str, value: Any) -> str:
    """Returns a way of calling an optimizer, or `auto`."""
    from ..optimizers import Calls  # here: brings torch

    checked: str = one_of("way of calling an optimizer", ("auto", *Calls))(name, value)
    return checked


def averaging(name: str, value: Any) -> Any:
    """Returns a way of averaging weights."""
    from ..optimizers import check_averaging  # here: brings torch

    return check_averaging(value)


def else_the_problems(attribute: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    """Looks up the problem's own value where none is given."""

    def resolve(value: Any, before: Mapping[str, Any]) -> Any:
        return getattr(find_problem(before["problem"]), attribute) if value is None else value

    return resolve


def unless_the_problems(attribute: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    """Returns None for the problem's own value, so that giving it changes nothing."""

    def resolve(value: Any, before: Mapping[str, Any]) -> Any:
        return None if value == getattr(find_problem(before["problem"]), attribute) else value

    return resolve


def length(value: int | None, before: Mapping[str, Any]) -> int:
    """Returns the number of epochs, from `steps` if those are given.

    Raises:
        UsageError: Epochs and steps are given, or steps that are no multiple of the interval
            between two evaluations, or whose interval only the data can tell.
    """
    problem, steps, interval = find_problem(before["problem"]), before["steps"], _interval(before)
    if value is not None and steps is not None:
        raise UsageError(f"Give either epochs={value} or steps={steps}, not both.")
    if value is not None:
        return value
    if steps is None and before["eval_every"] is None:
        return problem.epochs
    steps = steps or problem.steps
    if steps is None:
        raise UsageError(
            f"{problem.name} counts its length in epochs, so eval_every needs steps, the length "
            "of the run."
        )
    if interval is None:
        raise UsageError(
            f"{problem.name} counts its length in epochs, so steps needs eval_every, the steps "
            "between two evaluations."
        )
    if steps % interval:
        fewer = steps // interval * interval
        nearest = f"{fewer} or {fewer + interval}" if fewer else str(interval)
        raise UsageError(
            f"steps must be a multiple of the {interval} steps between two evaluations "
            f"(eval_every), such as {nearest}, not {steps}."
        )
    return int(steps // interval)


def _interval(before: Mapping[str, Any]) -> int | None:
    """Returns the steps of an epoch; None for one pass over the training set."""
    own: int | None = find_problem(before["problem"]).steps_per_epoch
    return before["eval_every"] or own


def weight_decay(value: float | None, before: Mapping[str, Any]) -> float | None:
    """Returns the factor in force; None where the problem has no regularizer.

    Raises:
        UsageError: A factor was given and the problem has no regularizer.
    """
    problem = find_problem(before["problem"])
    if value is None or problem.weight_decay is not None:
        return problem.weight_decay if value is None else value
    if value:
        raise UsageError(
            f"{problem.name} has no regularizer, so weight_decay={value:g} would have no effect; "
            "for the optimizer's own weight decay set its hyperparameter weight_decay."
        )
    return None


def optimizer_of(settings: Mapping[str, Any]) -> FoundOptimizer:
    """Returns the optimizer among the settings, as it is found."""
    from ..optimizers import find_optimizer  # here: brings torch

    return find_optimizer(settings["optimizer"])
