"""Which hyperparameters of a search matter."""

import math

import numpy as np
import pandas as pd
import pytest

from deepobs.runner.analysis import LEAST_TRIALS, hyperparameter_importance


def search(num, seed=0):
    """A random search: two rates, a momentum, and an optimizer's variant."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lr": 10 ** generator.uniform(-5, 0, num),
            "momentum": generator.uniform(0, 1, num),
            "decay": 10 ** generator.uniform(-6, -2, num),
            "variant": generator.choice(["a", "b"], num),
        }
    )


def test_what_decides_the_result_is_most_important():
    """The result depends on lr strongly, on momentum weakly, on nothing else."""
    settings = search(80)
    values = (np.log10(settings["lr"]) + 2) ** 2 + 0.5 * settings["momentum"]
    found = hyperparameter_importance(settings, values)
    assert found.explained > 0.8
    shares = sorted(found.shares, key=found.shares.get, reverse=True)
    assert shares[:2] == ["lr", "momentum"]
    assert found.shares["lr"] > 10 * found.shares["decay"]


def test_chance_explains_nothing():
    """Where the result is noise, held-out trials are not predicted, over many searches."""
    explained = [
        hyperparameter_importance(
            search(40, seed), np.random.default_rng(1000 + seed).normal(size=40)
        ).explained
        for seed in range(10)
    ]
    assert np.mean(explained) < 0.05


def test_a_categorical_hyperparameter_counts():
    """A result that depends on a text alone is explained by that text."""
    settings = search(60)
    found = hyperparameter_importance(settings, np.where(settings["variant"] == "a", 0.1, 0.9))
    assert max(found.shares, key=found.shares.get) == "variant"


def test_units_do_not_matter():
    """Neither the scale of results nor of a hyperparameter changes the importance."""
    settings = search(40)
    values = np.log10(settings["lr"])
    same = hyperparameter_importance(settings.assign(lr=1000 * settings["lr"]), np.exp(values))
    assert same == hyperparameter_importance(settings, values)


def test_diverged_trials_are_the_worst():
    """Diverged above a rate of .1: the rate is what matters, whichever side is better."""
    settings = search(60)
    noise = np.random.default_rng(3).normal(0, 0.01, 60)
    for larger in (False, True):
        values = np.where(settings["lr"] > 0.1, math.nan, 0.5 + noise)
        found = hyperparameter_importance(settings, values, larger=larger)
        assert max(found.shares, key=found.shares.get) == "lr"


@pytest.mark.parametrize("values", [[1.0] * (LEAST_TRIALS - 1), [1.0] * LEAST_TRIALS])
def test_too_few_or_equal_trials_say_nothing(values):
    """Without enough trials, or without any difference, there is no importance."""
    found = hyperparameter_importance(search(len(values)), values)
    assert math.isnan(found.explained)
    assert all(math.isnan(share) for share in found.shares.values())
