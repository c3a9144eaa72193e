"""Which settings a search tries: functions of space, trials, seed and what was seen."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from deepobs.runner import UsageError
from deepobs.runner.sweeps import DEEPOBS_GRID
from deepobs.runner.tuning import parse_space
from deepobs.runner.tuning._strategies import key, make_strategy

LR = parse_space(["lr=log:1e-5:1e2"])
TWO = parse_space(["lr=log:1e-5:1e2", "momentum=choice:0.0,0.9,0.99"])


def _search(strategy, function):
    """Go on until the strategy is content; returns the settings in order."""
    seen: dict[Any, Any] = {}
    tried = []
    while points := strategy.propose(seen):
        for point in points:
            assert key(point) not in seen, "a setting was proposed twice"
            seen[key(point)] = function(point)
            tried.append(point)
    return tried


def _valley(best):
    """A loss with one minimum, at the grid's point of that number, infinite far to the right."""

    def loss(point):
        distance = math.log10(point["lr"]) - math.log10(DEEPOBS_GRID[best])
        return math.inf if distance > 1 else distance**2

    return loss


def test_the_whole_grid():
    """With 36 trials the grid is DeepOBS's, in order."""
    tried = _search(make_strategy("grid", LR, 36, 0), _valley(9))
    assert [point["lr"] for point in tried] == list(DEEPOBS_GRID)


@pytest.mark.parametrize("trials", [12, 20, 30])
def test_a_refined_grid_finds_the_best_of_a_valley(trials):
    """In a valley, a third of the grid is enough to find its best point, wherever it is."""
    for best in range(36):
        tried = _search(make_strategy("grid", LR, trials, 0), _valley(best))
        assert len(tried) == trials
        assert {point["lr"] for point in tried} <= set(DEEPOBS_GRID)
        assert DEEPOBS_GRID[best] in [point["lr"] for point in tried]


def test_a_refined_grid_uses_all_trials():
    """With nothing to go by, all trials are used, and no more."""
    for trials in (1, 2, 5, 35):
        assert len(_search(make_strategy("grid", LR, trials, 0), lambda point: math.inf)) == trials


@pytest.mark.parametrize("trials", [2, 12, 36])
def test_a_grid_leaves_out_what_cannot_be_tried(trials):
    """The other points take its place, as long as there are any."""
    accepted = (*DEEPOBS_GRID[-10:-5], *DEEPOBS_GRID[:5])

    def accepts(point):
        return point["lr"] in accepted

    tried = _search(make_strategy("grid", LR, trials, 0, accepts), _valley(30))
    assert {point["lr"] for point in tried} <= set(accepted)
    assert len(tried) == min(trials, 10)
    nothing = make_strategy("grid", LR, trials, 0, lambda _: False)
    assert _search(nothing, _valley(30)) == []


def test_a_grid_of_too_many_points_is_refused():
    """In a sentence that names the other strategies, before the points are listed."""
    for high in (10**6, 10**15):
        space = parse_space([f"num=int:1:{high}"])
        with pytest.raises(UsageError, match="use strategy random, sobol or tpe"):
            make_strategy("grid", space, 10, 0)
        (point,) = _search(make_strategy("random", space, 1, 0), lambda _: 0.0)
        assert 1 <= point["num"] <= high


def test_a_grid_of_two_dimensions():
    """A refined grid moves along the learning rate and between choices."""

    def loss(point):
        return abs(math.log10(point["lr"]) + 2) + (point["momentum"] != 0.9)

    assert len(_search(make_strategy("grid", TWO, 200, 0), loss)) == 108
    tried = _search(make_strategy("grid", TWO, 40, 0), loss)
    assert len(tried) == 40
    best = min(tried, key=loss)
    assert best["lr"] == pytest.approx(1e-2)
    assert best["momentum"] == 0.9


def test_a_grid_with_too_many_choices_tries_several_values_of_each():
    """Half of the trials are combinations drawn at random; the others refine the best."""
    space = parse_space(dict.fromkeys(("lr", "b", "c"), "choice:1,2,3,4,5"))
    tried = _search(make_strategy("grid", space, 20, 0), lambda point: sum(point.values()))
    assert len(tried) == 20
    assert all(len({point[name] for point in tried[:10]}) > 2 for name in space)
    assert min(sum(point.values()) for point in tried) < min(sum(p.values()) for p in tried[:10])


@pytest.mark.parametrize("name", ["random", "sobol"])
def test_draws(name):
    """Draws cover the range, repeat with the seed, and a larger number begins with the same."""
    first = _search(make_strategy(name, TWO, 40, 7), _valley(9))
    again = _search(make_strategy(name, TWO, 64, 7), _valley(20))
    other = _search(make_strategy(name, TWO, 40, 8), _valley(9))
    assert first == again[:40]
    assert first != other
    logs = np.log10([point["lr"] for point in again])
    assert np.all((logs >= -5) & (logs < 2))
    # a uniform variable over 7 decades: a tenth of 64 points is missed with probability < 0.2 %
    assert logs.min() < -4.3
    assert logs.max() > 1.3
    assert {point["momentum"] for point in again} == {0.0, 0.9, 0.99}


def test_sobol_is_even():
    """A Sobol sequence has a smaller discrepancy than independent draws."""

    def discrepancy(name):
        points = _search(make_strategy(name, LR, 64, 1), _valley(9))
        return qmc.discrepancy([[(math.log10(point["lr"]) + 5) / 7] for point in points])

    assert discrepancy("sobol") < discrepancy("random") / 10
