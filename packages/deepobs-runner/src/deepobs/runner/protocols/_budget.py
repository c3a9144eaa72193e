"""The budget of a search, in a stated unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from ..common import UsageError, brief, is_number, read_value, unknown

Unit: TypeAlias = Literal["trials", "gradients", "seconds"]
UNITS: tuple[str, ...] = get_args(Unit)


@dataclass(frozen=True)
class Budget:
    """The budget for the search of one optimizer on one problem.

    Attributes:
        amount: The amount, above 0.
        unit: `trials`; `gradients`, evaluations of the gradient, of which SAM and L-BFGS need
            several a step; or `seconds` of training, evaluations excluded.

    Raises:
        UsageError: If the unit does not exist, or the amount does not fit it.
    """

    amount: float
    unit: Unit = "trials"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise unknown("unit of budgets", str(self.unit), UNITS, f"use {', '.join(UNITS)}.")
        whole = self.unit == "seconds" or (is_number(self.amount) and self.amount % 1 == 0)
        if not is_number(self.amount) or self.amount <= 0 or not whole:
            kind = "number" if self.unit == "seconds" else "whole number"
            raise UsageError(
                f"A budget in {self.unit} must be a {kind} above 0, not {brief(self.amount)}."
            )

    def __str__(self) -> str:
        """Returns the budget as `parse_budget` reads it: `20 trials`."""
        return f"{self.amount} {self.unit}"


def parse_budget(text: str | float | Budget, default: Unit = "trials") -> Budget:
    """Reads a budget.

    Args:
        text: A number, or a number and its unit.
        default: The unit of a number alone.

    Raises:
        UsageError: If it is neither.

    Example:
        >>> parse_budget("2e5 gradients")
        Budget(amount=200000, unit='gradients')
    """
    if isinstance(text, Budget):
        return text
    words = str(text).split()
    amount: Any = read_value(words[0]) if words else ""
    if len(words) not in (1, 2) or not is_number(amount):
        raise UsageError(
            f"{brief(text)} is not a budget; expected a number and a unit, such as '20 trials', "
            "'2e5 gradients' or '3600 seconds'."
        )
    unit: Unit = words[1] if len(words) == 2 else default  # type: ignore[assignment]
    return Budget(int(amount) if amount % 1 == 0 else amount, unit)
