"""What defines a run: the configuration, checked when it is made, and its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

import torch
from torch import nn

from deepobs.problems import PROBLEMS, Problem, get_problem

from ..common import UsageError, number, unknown, whole
from ..optimizers import (
    FoundOptimizer,
    OptimizerLike,
    build_optimizer,
    check_hyperparameters,
    check_lr,
    check_step,
    find_optimizer,
    refuse,
)
from ..schedules import check_schedule
from ._identity import description, lists

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What defines a run; how and where it is executed is not part of it.

    Checks itself and fills in the problem's defaults, so two configurations that mean the same run
    are equal and have the same `run_id`.

    Attributes:
        problem: Name of a test problem, or a `deepobs.problems.Problem` of your own.
        optimizer: A class or a name: `"SGD"`, any of torch.optim, `"package.module.Class"`, or
            one added by the entry point group `deepobs.optimizers`.
        lr: The base learning rate, finite and at least 0; default: the optimizer's own. None for
            an optimizer without one.
        hyperparameters: The optimizer's other arguments, by name.
        epochs: How many passes over the training set, at least 1; default: the problem's.
        batch_size: Examples an optimizer step, over all processes and micro-batches; default: the
            problem's.
        weight_decay: Factor of the problem's L2 regularizer; default: the problem's.
        seed: What everything random derives from.
        schedule: Name of a learning-rate schedule, or a mapping with `name` and its arguments.
        precision: `"fp32"`, `"tf32"`, `"bf16"` or `"fp16"` (the latter two by autocast).
        accumulate: Micro-batches an optimizer step.
        clip_norm: Largest norm of the whole gradient; None leaves it alone.
        validation: Share of the training set held out as the phase `"valid"`.
        replay: Whether every epoch repeats the first one's order and augmentation, as in DeepOBS 1.

    Raises:
        UsageError: An argument is to blame; the message is one sentence.
        deepobs.problems.UnknownProblemError: There is no problem of that name.
    """

    problem: str | Problem
    optimizer: OptimizerLike
    lr: float | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    batch_size: int | None = None
    weight_decay: float | None = None
    seed: int = 42
    schedule: str | Mapping[str, Any] = "constant"
    precision: str = "fp32"
    accumulate: int = 1
    clip_norm: float | None = None
    validation: float = 0.0
    replay: bool = False

    def __post_init__(self) -> None:
        problem = self.problem_value
        chosen = self.found
        lr = check_lr(chosen, self.lr)
        epochs = problem.epochs if self.epochs is None else self.epochs
        batch_size = problem.batch_size if self.batch_size is None else self.batch_size
        values = {
            "lr": lr,
            "hyperparameters": check_hyperparameters(chosen, lr, self.hyperparameters),
            "epochs": whole("epochs", epochs, least=1),
            "batch_size": whole("batch_size", batch_size, least=1),
            "weight_decay": _weight_decay(problem, self.weight_decay),
            "seed": whole("seed", self.seed, least=0),
            "schedule": check_schedule(self.schedule, epochs),
            "accumulate": whole("accumulate", self.accumulate, least=1),
            "clip_norm": None if self.clip_norm is None else _clip_norm(self.clip_norm),
            "validation": number("validation", self.validation, least=0.0),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check_together()

    @property
    def problem_value(self) -> Problem:
        """The problem itself."""
        if isinstance(self.problem, Problem):
            return self.problem
        if not isinstance(self.problem, str):
            raise UsageError(f"problem is a name or a Problem, not {self.problem!r}.")
        return get_problem(self.problem)

    @property
    def problem_name(self) -> str:
        """The problem's name, as folders bear it."""
        return self.problem_value.name

    @property
    def problem_identity(self) -> Any:
        """What tells the problem from others: its name, or a description of one of your own."""
        if PROBLEMS.get(self.problem_name) == self.problem_value:
            return self.problem_name
        return description(self.problem_value)

    @cached_property
    def found(self) -> FoundOptimizer:
        """The optimizer as it was found."""
        return find_optimizer(self.optimizer)

    @property
    def optimizer_name(self) -> str:
        """The optimizer's name, as folders have it."""
        return self.found.name

    @cached_property
    def run_id(self) -> str:
        """Content hash of all that defines the run: 16 hexadecimal digits.

        Raises:
            UsageError: The problem is a user's own and holds a lambda or a local function, whose
                content cannot be told.
        """
        content = {"format": "deepobs-run-1", **self.to_dict(), "problem": self.problem_identity}
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON can hold it; `from_dict` reads it again."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content["problem"] = self.problem_name
        content["optimizer"] = self.found.path
        content["hyperparameters"] = lists(content["hyperparameters"])
        content["schedule"] = lists(content["schedule"])
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """The configuration that `to_dict` wrote, or a user's mapping of the same names.

        Raises:
            UsageError: A name is unknown or missing, or a value is refused.
        """
        names = [item.name for item in fields(cls)]
        for name in content:
            if name not in names:
                raise unknown("setting of a run", name, names, f"there are {', '.join(names)}.")
        for name in ("problem", "optimizer"):
            if name not in content:
                raise UsageError(f"A run needs {name}.")
        return cls(**content)

    def __hash__(self) -> int:
        return hash((self.problem_name, self.optimizer_name, self.lr, self.seed))

    def _check_together(self) -> None:
        """What is wrong with values only beside each other."""
        if self.precision not in PRECISIONS:
            advice = f"there are {', '.join(PRECISIONS)}."
            raise unknown("precision", str(self.precision), PRECISIONS, advice)
        if not self.validation < 1:
            raise UsageError(f"validation is a share from 0 to below 1, not {self.validation}.")
        if not isinstance(self.replay, bool):
            raise UsageError(f"replay is True or False, not {self.replay!r}.")
        assert self.batch_size is not None
        if self.batch_size % self.accumulate:
            raise UsageError(
                f"accumulate={self.accumulate} does not divide the batch size {self.batch_size}; "
                "micro-batches have the same size."
            )
        if self.problem_value.carries_state and self.accumulate > 1:
            raise UsageError(
                f"{self.problem_name} carries its state from batch to batch, which micro-batches "
                "would break: accumulate is 1."
            )
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        """Refuses what the optimizer cannot be combined with, and takes a trial step."""
        found = self.found
        refuse(found.calls, precision=self.precision)
        if not found.takes_lr and self.schedule != {"name": "constant"}:
            raise UsageError(
                f"{found.name} has no learning rate, so no schedule can move it: take constant."
            )
        if self.problem_name in PROBLEMS and self.problem_value.correct is not None:
            check_step(found, self.lr, self.hyperparameters)
        else:  # whose model may have parameters of one shape only
            build_optimizer(found, _one_matrix(), self.lr, self.hyperparameters)


def _one_matrix() -> nn.Module:
    module = nn.Module()
    module.weight = nn.Parameter(torch.zeros(2, 2))
    return module


def _clip_norm(value: Any) -> float:
    checked = number("clip_norm", value, least=0.0)
    if checked == 0:
        raise UsageError("clip_norm is a positive number: 0 would leave no gradient.")
    return checked


def _weight_decay(problem: Problem, value: float | None) -> float | None:
    """The factor in force; None where the problem has no regularizer."""
    if value is None:
        return problem.weight_decay
    checked = number("weight_decay", value, least=0.0)
    if problem.weight_decay is not None:
        return checked
    if checked:
        raise UsageError(
            f"{problem.name} has no regularizer, so weight_decay={checked:g} would do nothing; to "
            "give the optimizer its own, set its hyperparameter weight_decay."
        )
    return None
