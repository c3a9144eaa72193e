"""The table of reference optimizers."""

import pytest
import torch
from torch import nn

from deepobs.runner.optimizers import (
    OPTIMIZERS,
    build_optimizer,
    calls_in_force,
    check_hyperparameters,
    check_step,
    find_optimizer,
    resumes_exactly,
    state_bytes,
    trial_model,
)
from deepobs.runner.optimizers._trial import own_randomness, take_step
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


class OneMatrix(nn.Module):
    """A single hidden matrix of 24 × 16 entries."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(16, 24, bias=False)

    def declared_roles(self):
        """The only layer is not an output."""
        return {"linear.weight": "hidden"}


def stated(text, **names):
    """The number that the table states for a matrix, such as `1 + (m² + n²) / mn`."""
    formula = text.split(" for ")[0].split(" under ")[0].split(",")[0]
    formula = formula.replace("mn", "(m * n)").replace("²", "**2").replace("×", "*")
    return eval(formula.replace("2 (", "2 * ("), {}, names)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_per_parameter_is_that_of_the_table(name):
    """Measured after a few steps; counters of a few numbers make a difference below 3 %."""
    entry, found = OPTIMIZERS[name], find_optimizer(name)
    own = {"history_size": 5, "max_iter": 2} if name == "LBFGS" else {}
    hyperparameters = check_hyperparameters(found, entry.lr, own)
    with own_randomness():
        torch.manual_seed(0)
        module = OneMatrix()
        made = build_optimizer(found, module, entry.lr / 1e4, hyperparameters)
        getattr(made, "train", lambda: None)()  # of schedule-free optimizers
        for _ in range(20 if name == "LBFGS" else 3):
            take_step(made, entry.calls, list(module.parameters()))
    measured = state_bytes(made) / (4 * 24 * 16)
    expected = stated(entry.state, m=24, n=16, history_size=5)
    assert measured == pytest.approx(expected, rel=0.03, abs=0.03)
