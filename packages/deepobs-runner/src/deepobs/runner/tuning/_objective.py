"""Objectives of a search: the final value of a metric on a phase."""

import math
from dataclasses import dataclass

from deepobs.problems import Metric, Problem

from ..common import unknown
from ..results import Record


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A metric of the record and which direction is better.

    Attributes:
        phase: The phase that it is measured on.
        measure: The metric's name.
        higher_is_better: Whether larger values are better.
    """

    phase: str
    measure: str
    higher_is_better: bool = False

    @property
    def metric(self) -> str:
        """The value's name in callbacks."""
        return f"{self.phase}_{self.measure}"

    def loss(self, record: Record) -> float:
        """Returns the value to minimize, infinite for a diverged run."""
        values = record.evaluations(self.phase, self.measure)
        if record.status == "diverged" or not values or not math.isfinite(values[-1]):
            return math.inf
        return self.signed(values[-1])

    def signed(self, value: float) -> float:
        """Negates a value if higher is better; its own inverse."""
        return -value if self.higher_is_better else value


VALID = Objective(phase="valid", measure="loss")
VALID_ACCURACY = Objective(phase="valid", measure="accuracy", higher_is_better=True)
OBJECTIVES = ("valid_metric", "valid", "valid_accuracy", "test")


def find_objective(name: str, problem: Problem) -> Objective:
    """Returns the objective with a name.

    Args:
        name: `valid_metric`, the problem's primary metric on the validation split; `valid`, the
            loss there; `valid_accuracy`; or `test`, the primary metric on test data, as in DeepOBS.
        problem: The problem.

    Raises:
        UsageError: If the objective does not exist or needs an accuracy that the problem lacks.
    """
    if name in ("valid_metric", "test"):
        return _of(name.removesuffix("_metric"), problem.metric)
    if name == "valid_accuracy" and problem.correct is not None:
        return VALID_ACCURACY
    if name == "valid":
        return VALID
    here = [known for known in OBJECTIVES if known != "valid_accuracy" or problem.correct]
    raise unknown("objective for this problem", str(name), here, f"there are {', '.join(here)}.")


def _of(phase: str, metric: Metric) -> Objective:
    return Objective(phase=phase, measure=metric.name, higher_is_better=metric.higher_is_better)
