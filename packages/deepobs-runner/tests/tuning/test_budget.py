"""Budgets that are counted in gradient evaluations or seconds."""

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from deepobs.runner.tuning._budget import BudgetStrategy, cost_of
from deepobs.runner.tuning._strategies import key

POINTS = [{"lr": float(number)} for number in range(1, 100)]


def _tried(budget, cost):
    """The rounds of a search with a budget, and what they used."""
    seen: dict[Any, Any] = {}
    strategy, rounds = BudgetStrategy(POINTS, budget, cost), []
    while points := strategy.propose(seen):
        rounds.append([point["lr"] for point in points])
        seen |= dict.fromkeys(map(key, points), 0.0)
    return rounds


def test_the_first_trial_measures_how_many_fit():
    """Ten trials of equal cost fit ten times the cost, and not one more."""
    rounds = _tried(105, lambda point: 10.0)
    assert [len(held) for held in rounds] == [1, 9]
    assert [*itertools.chain(*rounds)] == [float(number) for number in range(1, 11)]


def test_dearer_trials_leave_room_for_fewer():
    """The mean cost so far decides how many more are begun."""
    rounds = _tried(100, lambda point: 10.0 if point["lr"] == 1 else 30.0)
    assert [len(held) for held in rounds] == [1, 9]
    assert _tried(25, lambda point: 30.0) == [[1.0]]


def test_an_interrupted_round_is_completed():
    """What is proposed follows from the records alone."""
    strategy = BudgetStrategy(POINTS, 50, lambda point: 10.0)
    seen = {key(POINTS[0]): 0.0, key(POINTS[2]): 0.0}
    assert strategy.propose(seen) == [POINTS[1], POINTS[3], POINTS[4]]


def test_trials_without_a_record_end_the_search():
    """What costs nothing would be tried for ever."""
    assert _tried(50, lambda point: 0.0) == [[1.0]]


@pytest.mark.parametrize(
    ("passes", "unit", "cost"),
    [([20.0, 22.0], "gradients", 42.0), (None, "gradients", 20.0), ([20.0], "seconds", 1.5)],
)
def test_the_cost_of_a_run_is_in_its_record(passes, unit, cost):
    """Several passes a step count; records without passes have one a step."""
    record: Any = SimpleNamespace(passes=passes, num_steps=10, epoch_seconds=[1.0, 0.5])
    assert cost_of(record, unit) == cost
