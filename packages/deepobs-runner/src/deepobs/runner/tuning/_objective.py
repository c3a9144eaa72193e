"""What a search minimises: the end value of a series of the record."""

import math
from dataclasses import dataclass

from ..common import unknown
from ..results import Record


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A series and the direction that is better.

    Attributes:
        name: Its name for people.
        series: The record's series whose last value counts.
        metric: What callbacks call the value.
        higher_is_better: Whether large values are good.
    """

    name: str
    series: str
    metric: str
    higher_is_better: bool = False

    def loss(self, record: Record) -> float:
        """The value to minimise, infinite for a diverged run."""
        values = getattr(record, self.series)
        if record.status == "diverged" or not values or not math.isfinite(values[-1]):
            return math.inf
        return self.signed(values[-1])

    def signed(self, value: float) -> float:
        """A value with the sign that makes lower better, or back."""
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
    """The objective of a name.

    Args:
        name: `valid` (loss on the validation split), `valid_accuracy`, or `test`, which is
            DeepOBS's choice: test accuracy, or test loss where the problem has no accuracy.
        has_accuracy: Whether the problem has one.

    Raises:
        UsageError: There is no such objective, or the problem has no accuracy.
    """
    if name == "test":
        return TEST_ACCURACY if has_accuracy else TEST_LOSS
    if name == "valid_accuracy" and has_accuracy:
        return VALID_ACCURACY
    if name == "valid":
        return VALID
    here = OBJECTIVES if has_accuracy else ("valid", "test")
    raise unknown("objective for this problem", str(name), here, f"there are {', '.join(here)}.")
