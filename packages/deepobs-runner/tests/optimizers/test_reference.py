"""The table of reference optimizers."""

import pytest

from deepobs.runner.optimizers import (
    OPTIMIZERS,
    build_optimizer,
    calls_in_force,
    check_hyperparameters,
    check_step,
    find_optimizer,
    resumes_exactly,
    trial_model,
)
from deepobs.runner.tuning import parse_space

pytest.importorskip("pytorch_optimizer")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_reference_optimizer_steps_and_is_called_as_the_table_says(name):
    """It is found by its name, is made with its defaults, and takes a step."""
    entry, found = OPTIMIZERS[name], find_optimizer(name)
    hyperparameters = check_hyperparameters(found, entry.lr, {})
    check_step(found, entry.lr, hyperparameters)
    made = build_optimizer(found, trial_model(), entry.lr, hyperparameters)
    assert calls_in_force(found, made) is entry.calls


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_reference_optimizer_can_be_resumed_exactly(name):
    """Its state goes through a file, and the steps after are the same bit for bit."""
    entry, found = OPTIMIZERS[name], find_optimizer(name)
    hyperparameters = check_hyperparameters(found, entry.lr, {})
    why = resumes_exactly(
        lambda module: build_optimizer(found, module, entry.lr, hyperparameters),
        trial_model(),
        entry.calls,
    )
    assert why is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_point_of_a_search_space_is_accepted(name):
    """Each value of each dimension, beside the defaults of the others."""
    entry, found = OPTIMIZERS[name], find_optimizer(name)
    for key, dimension in parse_space(entry.space).items():
        for value in dimension.grid():
            lr, given = (value, {}) if key == "lr" else (entry.lr, {key: value})
            checked = check_hyperparameters(found, lr, given)
            build_optimizer(found, trial_model(), lr, checked)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_space_says_where_it_is_from(name):
    """A source that can be looked up, or that the space is ours."""
    source = OPTIMIZERS[name].source
    assert any(word in source for word in ("ours", "AlgoPerf", "Wen et al.", "DeepOBS"))
