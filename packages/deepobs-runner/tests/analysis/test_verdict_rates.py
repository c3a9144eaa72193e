"""How often verdicts are wrong: a few of the studies that benchmarks/verdicts.py simulates."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from deepobs.runner.analysis._samples import Contest, Sample
from deepobs.runner.analysis._study import conclude

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
STUDIES = 200
POWER_STUDIES = 60


@pytest.fixture(scope="module")
def simulation():
    """The module that draws studies."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return import_module("verdicts")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize(
    "design",
    [
        {},
        {"paired": False, "noise": "t3"},
        {"methods": 10, "behind": 8},
        {"methods": 3, "noise": "lognormal"},
        {"seeds": 5, "paired": False},
        {"settings": 36},
        {"settings": 36, "chosen_by": "all"},
        {"problems": 4, "seeds": 6},
    ],
    ids=str,
)
def test_equal_methods_have_no_winner(simulation, design):
    """A winner is named in at most 5 % of studies, over the study and on a problem."""
    found = simulation.rates(simulation.Design(**design), STUDIES)
    most = simulation.bound(0.05, STUDIES)
    assert max(found.headline, found.problem, found.clear, found.bold) <= most


@pytest.mark.parametrize(
    "design",
    [{}, {"paired": False}, {"methods": 10}, {"methods": 5, "settings": 36}, {"problems": 4}],
    ids=str,
)
def test_a_lead_of_two_standard_deviations_is_found(simulation, design):
    """With ten seeds the leader is named in at least 90 % of studies."""
    found = simulation.rates(simulation.Design(lead=2.0, **design), POWER_STUDIES)
    assert found.headline >= 1 - simulation.bound(0.1, POWER_STUDIES)


@pytest.mark.parametrize("order", ["ascending", "descending", "random"])
def test_numbers_of_seeds_do_not_spoil_a_look_after_every_seed(simulation, order):
    """Whatever the seeds' numbers, at most 5 % of comparisons ever reject: time orders them."""
    assert simulation.peeking(order, 150, most=30) <= simulation.bound(0.05, 150)


def test_intervals_leave_out_the_seed_that_chose(simulation):
    """At the best of 36 settings the interval holds the mean in 95 % of cases; else far fewer."""
    fresh = simulation.coverage(36, 400, "first")
    assert fresh >= 1 - simulation.bound(0.05, 400)
    assert simulation.coverage(36, 400, "all") < 0.8


def test_random_effects_of_problems_are_no_clear_lead():
    """Methods that differ on each problem by chance: the study is not called clear.

    On these problems one may well be the better; that it is on others too would be said wrongly.
    """
    generator, clear = np.random.default_rng(5), 0
    for _ in range(STUDIES):
        contests = []
        for problem in range(8):
            effect, noise = generator.normal(), generator.normal(size=(2, 10))
            noise[0] += effect
            samples = {
                name: Sample(
                    method=name, values=values, seeds=np.arange(10), times=np.full(10, np.nan)
                )
                for name, values in zip("AB", noise, strict=True)
            }
            contests.append(
                Contest(
                    problem=f"p{problem}",
                    metric="test_loss",
                    larger=False,
                    start=99.0,
                    samples=samples,
                )
            )
        clear += conclude(contests).certainty == "clear"
    assert clear / STUDIES <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / STUDIES)
