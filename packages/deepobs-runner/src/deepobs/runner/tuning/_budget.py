"""Budgets of searches that are counted in gradient evaluations or seconds."""

from collections.abc import Callable, Mapping, Sequence

from ..results import Record
from ._space import Point
from ._strategies import key

MOST_TRIALS = 1024
"""The largest number of trials of a search whose budget is not counted in trials."""


def cost_of(record: Record, unit: str) -> float:
    """Returns what a run used: `gradients` evaluated, or `seconds` of training.

    Records from before gradient evaluations were counted stand for one evaluation a step.
    """
    if unit == "seconds":
        return sum(record.epoch_seconds)
    if record.passes is None:
        return float(record.num_steps * len(record.epoch_seconds))
    return sum(record.passes)


class BudgetStrategy:
    """A list of settings, of which as many are tried as fit a budget.

    The first trial measures what one costs. Then as many as fit at the mean cost so far are
    proposed at once, until none fits. Since costs differ, the last ones may exceed the budget.

    Args:
        points: The settings.
        budget: What all trials may use.
        cost: Returns what a trial used.
    """

    def __init__(
        self, points: Sequence[Point], budget: float, cost: Callable[[Point], float]
    ) -> None:
        self._points = list(points)
        self._budget = budget
        self._cost = cost

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """Returns the settings of the current round that have not been tried."""
        begin, end = 0, 1
        while begin < end:
            missing = [point for point in self._points[begin:end] if key(point) not in seen]
            if missing:
                return missing
            spent = sum(map(self._cost, self._points[:end]))
            mean = spent / end
            more = int((self._budget - spent) // mean) if mean else 0
            begin, end = end, min(end + max(0, more), len(self._points))
        return []
