"""The configuration of a run: checked, complete, and with an identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from ..common import UsageError, canonical, unknown
from ..optimizers import (
    Calls,
    FoundOptimizer,
    Group,
    check_groups,
    find_optimizer,
    refuse,
)
from ._description import problem_identity
from ._identity import current_names, run_identity
from ._keywords import describe_settings
from ._settings import INPUTS, SETTINGS, Settings
from ._trial import try_on_problem, try_out
from ._values import find_problem

if TYPE_CHECKING:
    from deepobs.problems import Problem


@describe_settings
@dataclass(frozen=True, kw_only=True)
class RunConfig(Settings):
    """The configuration of a run: everything that defines it, except how and where it is executed.

    The constructor checks the requested settings and fills in the problem's defaults, so that the
    configuration is complete. Numbers are rounded to twelve significant digits, so that 0.3 and 0.1
    + 0.2 are the same setting. Two configurations of the same run are equal and have the same
    `run_id`.

    Attributes:
        {settings}

    Raises:
        UsageError: An argument is wrong; the message is one sentence.
        deepobs.problems.UnknownProblemError: No problem has that name.
    """

    def __post_init__(self) -> None:
        values: dict[str, Any] = {}
        for item in INPUTS:
            value = item.checked(getattr(self, item.name))
            if item.resolve is not None:
                value = item.resolve(value, values)
            values[item.name] = value = canonical(value)
            object.__setattr__(self, item.name, value if item.stands_for is None else None)
        self._check_together()

    @cached_property
    def problem_value(self) -> Problem:
        """The problem itself."""
        return find_problem(self.problem)

    @property
    def problem_to_train(self) -> Problem:
        """The problem with the run's own interval between two evaluations."""
        if self.eval_every is None:
            return self.problem_value
        return replace(self.problem_value, steps_per_epoch=self.eval_every)

    @property
    def problem_name(self) -> str:
        """The problem's name, as in folders."""
        return self.problem_value.name

    @property
    def problem_version(self) -> int:
        """The version of the problem."""
        return self.problem_value.version

    @property
    def problem_identity(self) -> Any:
        """The identity of the problem: its name, or a description of a user-defined one."""
        return problem_identity(self.problem_value)

    @cached_property
    def found(self) -> FoundOptimizer:
        """The optimizer as it was found."""
        return find_optimizer(self.optimizer)

    @property
    def optimizer_name(self) -> str:
        """The optimizer's name, as in folders."""
        return self.found.name

    @property
    def schedule_mapping(self) -> Mapping[str, Any]:
        """The schedule as a mapping with `name` and its arguments."""
        return self.schedule if isinstance(self.schedule, Mapping) else {"name": self.schedule}

    @property
    def parameter_groups(self) -> tuple[Group, ...]:
        """The groups of parameters."""
        return check_groups(self.groups, self.found, self.lr)

    @cached_property
    def run_id(self) -> str:
        """Content hash of everything that defines the run: 16 hexadecimal digits.

        Raises:
            UsageError: The problem is user-defined and contains a lambda or a local function, whose
                content is unknown.
        """
        return run_identity(self.to_dict(), self.problem_identity)

    def to_dict(self) -> dict[str, Any]:
        """Returns the configuration as JSON can hold it; `from_dict` reads it again."""
        content = {item.name: _plain(getattr(self, item.name)) for item in SETTINGS}
        content["problem"] = self.problem_name
        content["optimizer"] = self.found.path
        if self.problem_version != 1:
            content["problem_version"] = self.problem_version
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Returns the configuration that `to_dict` wrote, or that a user's mapping describes.

        Earlier names of settings are accepted.

        Raises:
            UsageError: A name is unknown or missing, or a value is wrong.
        """
        names = [item.name for item in INPUTS]
        given = current_names(content)
        version = given.pop("problem_version", 1)
        for name in given:
            if name not in names:
                raise unknown("setting of a run", name, names, f"there are {', '.join(names)}.")
        for name in ("problem", "optimizer"):
            if name not in given:
                raise UsageError(f"A run needs {name}.")
        made = cls(**given)
        if "problem_version" in content and made.problem_version != version:
            raise UsageError(
                f"This is version {made.problem_version} of {made.problem_name}, not the version "
                f"{version} that is asked for."
            )
        return made

    def __hash__(self) -> int:
        return hash((self.problem_name, self.optimizer_name, self.seed))

    def _check_together(self) -> None:
        """Checks combinations of values."""
        steps = self.gradient_accumulation_steps
        if self.batch_size % steps:
            raise UsageError(
                f"gradient_accumulation_steps={steps} does not divide the batch size "
                f"{self.batch_size}; micro-batches have the same size."
            )
        if self.problem_value.carries_state and steps > 1:
            raise UsageError(
                f"{self.problem_name} carries its state from batch to batch, which micro-batches "
                "would break: gradient_accumulation_steps must be 1."
            )
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        """Refuses what the optimizer cannot be combined with, and takes a trial step."""
        found = self.found
        refuse(found.calls if self.calls == "auto" else Calls(self.calls), precision=self.precision)
        if not found.takes_lr and self.schedule != {"name": "constant"}:
            raise UsageError(
                f"{found.name} has no learning rate, so no schedule can move it: use constant."
            )
        groups = self.parameter_groups
        settings = (found, self.lr, self.hyperparameters)
        if try_on_problem(self.problem_value, *settings, self.calls, groups):
            return
        if not groups:
            try_out(*settings)
        for group in groups:  # which the model decides; each optimizer is created for itself
            inside = found if group.optimizer is None else find_optimizer(group.optimizer)
            own = self.hyperparameters if group.optimizer is None else {}
            try_out(inside, self.lr, {**own, **group.hyperparameters})


def _plain(value: Any) -> Any:
    """Tuples as lists, the way JSON gives them back."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
