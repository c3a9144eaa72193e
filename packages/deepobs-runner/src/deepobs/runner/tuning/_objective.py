"""Objectives of a search: the final value of one of the record's series."""

import math
from dataclasses import dataclass

from ..common import unknown
from ..results import Record


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A series of the record and which direction is better.

    Attributes:
        name: Its name.
        series: The record's series whose last value counts.
        metric: The value's name in callbacks.
        higher_is_better: Whether larger values are better.
    """

    name: str
    series: str
    metric: str
    higher_is_better: bool = False

    def loss(self, record: Record) -> float:
        """Returns the value to minimise, infinite for a diverged run."""
        values = getattr(record, self.series)
        if record.status == "diverged" or not values or not math.isfinite(values[-1]):
            return math.inf
        return self.signed(values[-1])

    def signed(self, value: float) -> float:
        """Negates a value if higher is better; its own inverse."""
        return -value if self.higher_is_better else value


VALID = Objective(name="valid", series="valid_losses", metric="valid_loss")
VALID_ACCURACY = Objective(
    name="valid_accuracy",
    series="valid_accuracies",
    metric="valid_accuracy",
    higher_is_better=True,
)
TEST_LOSS = Objective(name="test", series="test_losses", metric="test_loss")
TEST_ACCURACY = Objective(
    name="test", series="test_accuracies", metric="test_accuracy", higher_is_better=True
)
OBJECTIVES = ("valid", "valid_accuracy", "test")


def find_objective(name: str, *, has_accuracy: bool) -> Objective:
    """Returns the objective with a name.

    Args:
        name: `valid` (loss on the validation split), `valid_accuracy`, or `test` as in
            DeepOBS: test accuracy, or test loss for problems without accuracy.
        has_accuracy: Whether the problem has an accuracy.

    Raises:
        UsageError: If the objective does not exist or needs an accuracy that the problem lacks.
    """
    if name == "test":
        return TEST_ACCURACY if has_accuracy else TEST_LOSS
    if name == "valid_accuracy" and has_accuracy:
        return VALID_ACCURACY
    if name == "valid":
        return VALID
    here = OBJECTIVES if has_accuracy else ("valid", "test")
    raise unknown("objective for this problem", str(name), here, f"there are {', '.join(here)}.")
