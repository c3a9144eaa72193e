"""A protocol: search, budget, selection, seeds, schedule, length, and what is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self

from ..common import UsageError, number
from ._budget import Budget, parse_budget

FIRST_SEED = 42  # as in DeepOBS


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How the optimizers of a benchmark are searched, repeated and compared.

    Attributes:
        name: Its name; results of two protocols are compared only if name and version agree.
        version: Increased whenever a change makes results differ.
        description: One line about it.
        source: Its source.
        strategy: The search strategy, as for `tune`.
        budget: Budget for the search of each optimizer on each problem; None for no search: the
            defaults of the optimizer are repeated.
        studies: Number of independent searches of each optimizer on each problem.
        selection: Criterion for the best trial: `valid`, the problem's metric on the validation
            split; or `test`, the metric on test data, for which nothing is held out.
        validation: Fraction of the training set that trials hold out; 0 for `test`.
        space: The search space of every optimizer; None for the user's, else the reference table's.
        hyperparameters: Hyperparameters that the protocol fixes, by optimizer.
        repeat_seeds: Seeds with which the best setting is repeated on the whole training set; the
            trials of study number s have the seed 42 + s.
        schedule: The learning-rate schedule of every run.
        lengths: Lengths of the runs, as multiples of each problem's own.
        own_schedule_lengths: The lengths if one of the optimizers brings its own schedule, since
            constant rates and annealed ones rank differently at different lengths.
        score: Criterion that ranks the optimizers: `final`, the last value of the problem's metric
            on test data; or `target`, the time to the target on validation data.
        reported: What is reported, in words.
    """

    name: str
    version: int = 1
    description: str
    source: str
    strategy: Literal["grid", "random", "sobol"] = "sobol"
    budget: Budget | None
    studies: int = 1
    selection: Literal["valid", "test"] = "valid"
    validation: float = 0.2
    space: Mapping[str, str] | None = None
    hyperparameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repeat_seeds: tuple[int, ...] = tuple(range(FIRST_SEED + 1, FIRST_SEED + 11))
    schedule: str = "constant"
    lengths: tuple[float, ...] = (1.0,)
    own_schedule_lengths: tuple[float, ...] = (0.5, 1.0, 2.0)
    score: Literal["final", "target"] = "final"
    reported: str

    def changed(
        self,
        *,
        budget: str | float | Budget | None = None,
        lengths: Sequence[float] | None = None,
    ) -> Self:
        """Returns the protocol with another budget or other lengths, under a name that says so.

        Args:
            budget: The budget, in the protocol's unit if it does not say one.
            lengths: The lengths, as multiples of each problem's own.

        Raises:
            UsageError: If a value is wrong, or the protocol has no search.

        Example:
            >>> from deepobs.runner.protocols import PROTOCOLS
            >>> PROTOCOLS["tuned-20"].changed(budget=10).name
            'tuned-10'
        """
        made = self
        if budget is not None:
            if self.budget is None:
                raise UsageError(f"The protocol {self.name} has no search, so it takes no budget.")
            given = parse_budget(budget, self.budget.unit)
            if given != self.budget:
                made = replace(made, budget=given, name=self._name_with(given))
        if lengths is not None:
            chosen = _checked_lengths(lengths)
            if chosen != made.lengths:
                words = "-".join(f"{length:g}" for length in chosen)
                made = replace(made, name=f"{made.name}-length-{words}")
            made = replace(made, lengths=chosen, own_schedule_lengths=chosen)
        return made

    def _name_with(self, budget: Budget) -> str:
        """Returns the name with another budget: tuned-20 becomes tuned-10."""
        assert self.budget is not None
        unit = "" if budget.unit == self.budget.unit else f"-{budget.unit}"
        ending = f"-{self.budget.amount}"
        stem = self.name.removesuffix(ending)
        middle = "" if self.name.endswith(ending) else "-budget"
        return f"{stem}{middle}-{budget.amount}{unit}"

    def definition(self) -> dict[str, Any]:
        """Returns what defines results, without the words about it."""
        words = ("description", "source", "reported")
        return {name: value for name, value in self.to_dict().items() if name not in words}

    def to_dict(self) -> dict[str, Any]:
        """Returns the protocol as JSON can hold it; `from_dict` reads it again."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content["budget"] = None if self.budget is None else str(self.budget)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in content.items()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Returns the protocol that `to_dict` wrote.

        Raises:
            UsageError: If a field is missing, unknown or wrong.
        """
        names = {item.name for item in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in content.items()
        }
        if isinstance(values.get("budget"), str):
            values["budget"] = parse_budget(values["budget"])
        try:
            return cls(**{name: value for name, value in values.items() if name in names})
        except TypeError as error:
            raise UsageError(f"This is not a protocol: {error}.") from error


def _checked_lengths(lengths: Sequence[float]) -> tuple[float, ...]:
    checked = tuple(number("a length", length, least=0.0) for length in lengths)
    if not checked or 0.0 in checked or len(set(checked)) < len(checked):
        raise UsageError(
            "lengths must be different numbers above 0, such as 0.5, 1 and 2, not "
            f"{', '.join(f'{length:g}' for length in lengths) or 'none'}."
        )
    return checked
