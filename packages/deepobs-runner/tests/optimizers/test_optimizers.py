"""Optimizers by name and class, and what they cost."""

from typing import Any

import pytest
import torch
from torch import nn

from deepobs.runner import UsageError
from deepobs.runner.optimizers import (
    Calls,
    check_hyperparameters,
    check_lr,
    check_step,
    find_optimizer,
    load_optimizer_state,
    optimizer_path,
    state_bytes,
)


class Mine(torch.optim.SGD):
    """A user's optimizer."""


class NoRate(torch.optim.Optimizer):
    """An optimizer that takes no learning rate."""

    def __init__(self, params):
        super().__init__(params, {})


class Asserts(torch.optim.SGD):
    """An optimizer whose constructor asserts."""

    def __init__(self, params, lr):
        assert lr < 1, "too large"
        super().__init__(params, lr)


ALL = [
    name
    for name, value in vars(torch.optim).items()
    if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and name != "Optimizer"
]


@pytest.mark.parametrize("name", ALL)
def test_every_optimizer_of_torch_is_found_and_takes_a_learning_rate(name):
    """Each is found by its bare name and accepted with its defaults."""
    found = find_optimizer(name)
    assert optimizer_path(name) == name
    assert found.takes_lr
    assert check_hyperparameters(found, 0.1, {}) == {}


def test_a_users_class_is_found_by_itself_and_by_its_path():
    """The path leads back to the class."""
    assert find_optimizer(Mine).make is Mine
    assert optimizer_path(Mine).endswith(".Mine")
    assert find_optimizer("schedulefree.SGDScheduleFree").name == "SGDScheduleFree"


def test_an_entry_point_adds_a_name(monkeypatch):
    """Third parties add optimizers by the group deepobs.optimizers."""

    class Point:
        name = "mine"

        def load(self):
            return Mine

    groups = {"deepobs.optimizers": [Point()]}
    monkeypatch.setattr(
        "deepobs.runner.optimizers._find.entry_points", lambda *, group: groups.get(group, [])
    )
    assert find_optimizer("mine").make is Mine
    assert find_optimizer("mine").path == "mine"
    with pytest.raises(UsageError, match="did you mean mine"):
        find_optimizer("mina")


def test_an_optimizer_without_a_learning_rate_runs_without_and_refuses_one():
    """A rate that nothing looks at would be a fiction in the record."""
    found = find_optimizer(NoRate)
    assert check_lr(found, None) is None
    with pytest.raises(UsageError, match=r"NoRate has no learning rate, so lr=0.1 cannot be set"):
        check_lr(found, 0.1)


def test_a_rate_that_is_not_given_is_the_optimizers_own():
    """It is filled in; an optimizer without a default needs one."""
    assert check_lr(find_optimizer("torch.optim.Adam"), None) == 1e-3
    assert check_lr(find_optimizer("Momentum"), None) == 0.02
    with pytest.raises(UsageError, match="Asserts needs a learning rate"):
        check_lr(find_optimizer(Asserts), None)


def test_an_assertion_of_the_constructor_is_a_usage_error():
    """Whatever it raises is told in a sentence, with its place."""
    said = r"Asserts refuses its arguments: AssertionError: too large \(test_optimizers.py, line"
    with pytest.raises(UsageError, match=said):
        check_step(find_optimizer(Asserts), 1.0, {})


@pytest.mark.parametrize("hyperparameters", [[1], {1: 2}, "momentum"])
def test_hyperparameters_are_a_mapping_from_names(hyperparameters):
    """Anything else is refused in a sentence."""
    with pytest.raises(UsageError, match="hyperparameters must be a mapping from names"):
        check_hyperparameters(find_optimizer(Mine), 0.1, hyperparameters)


def test_only_lbfgs_of_torch_needs_a_closure():
    """The signature of its step says so."""
    assert [name for name in ALL if find_optimizer(name).calls is Calls.CLOSURE] == ["LBFGS"]


@pytest.mark.parametrize(("name", "copies"), [("SGD", 0), ("Adam", 2)])
def test_state_bytes_counts_the_tensors_of_the_state(name, copies):
    """Adam keeps two float32 copies of the weights and a float32 counter a parameter."""
    weights = nn.Parameter(torch.zeros(10, 3))
    optimizer = find_optimizer(name).make([weights], lr=0.1)
    weights.grad = torch.ones_like(weights)
    optimizer.step()
    assert state_bytes(optimizer) == copies * 30 * 4 + (4 if copies else 0)


def test_state_is_restored_in_the_type_it_had():
    """However deep a tensor is; and state of the whole optimizer, which torch allows too."""
    weights = nn.Parameter(torch.zeros(2))
    one: Any
    one, other = torch.optim.SGD([weights], lr=0.1), torch.optim.SGD([weights], lr=0.1)
    third = torch.tensor(1 / 3, dtype=torch.float64)
    one.state["steps"] = 3
    one.state["sums"] = {"all": [third]}
    one.state[weights] = {"sum": third, "parts": [third, (third, {"deep": third})], "mode": "on"}
    load_optimizer_state(other, one.state_dict())
    assert other.state == one.state
    assert other.state[weights]["parts"][1][1]["deep"].dtype == torch.float64
