"""Hyperparameters: names, words for booleans, and what `**kwargs` swallows."""

import logging

import numpy as np
import pytest
import torch

from deepobs.runner import UsageError
from deepobs.runner.optimizers import check_hyperparameters, check_step, find_optimizer


class Swallows(torch.optim.SGD):
    """Takes any name and looks at one of them."""

    def __init__(self, params, lr=0.1, **kwargs):
        self.warm = kwargs.get("warm", 0)
        super().__init__(params, lr=lr)


class PassesOn(torch.optim.SGD):
    """Takes what its base takes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


def check(optimizer, **hyperparameters):
    return check_hyperparameters(find_optimizer(optimizer), 0.1, hyperparameters)


@pytest.mark.parametrize(
    ("optimizer", "given", "held"),
    [
        ("SGD", {"nesterov": "false"}, {"nesterov": False}),
        ("SGD", {"nesterov": "True", "momentum": 0.9}, {"momentum": 0.9, "nesterov": True}),
        ("SGD", {"nesterov": np.bool_(True), "momentum": 1}, {"momentum": 1, "nesterov": True}),
        ("SGD", {"maximize": 0}, {"maximize": False}),
        ("Adam", {"foreach": "None", "amsgrad": "off"}, {"amsgrad": False, "foreach": None}),
        ("Adam", {"foreach": "false"}, {"foreach": False}),
        ("Adam", {"betas": np.array([0.8, 0.9])}, {"betas": (0.8, 0.9)}),
        ("Adam", {"betas[0]": 0.8}, {"betas": (0.8, 0.999)}),
        ("Adam", {"eps": torch.tensor(0.5)}, {"eps": 0.5}),
        ("SAM(SGD)", {"rho": 1, "momentum": 0.9}, {"momentum": 0.9, "rho": 1.0}),
        ("Momentum", {}, {"momentum": 0.9}),
        ("Momentum", {"momentum": 0.5}, {"momentum": 0.5}),
        (PassesOn, {"momentum": 0.9}, {"momentum": 0.9}),
        (Swallows, {"warm": 3}, {"warm": 3}),
    ],
)
def test_values_have_one_form(optimizer, given, held):
    """Words, arrays and single elements are what they mean."""
    assert check(optimizer, **given) == held


@pytest.mark.parametrize(
    ("optimizer", "given", "said"),
    [
        (
            "SGD",
            {"nesterov": 0.5},
            "nesterov must be true or false, like its default False, not 0.5",
        ),
        ("SGD", {"nesterov": "maybe"}, "nesterov must be true or false"),
        ("SGD", {"momentum": "high"}, "momentum must be a number, like its default 0, not 'high'"),
        ("SGD", {"momentum": float("nan")}, "momentum must be a finite number"),
        ("SGD", {"momentum": 10**400}, "momentum must be a finite number"),
        ("SGD", {"momentum": 1j}, "momentum must be a number, a string"),
        ("SGD", {"momentun": 0.9}, "named 'momentun'; did you mean momentum"),
        ("SGD", {"lr": 0.9}, "given as lr"),
        ("Adam", {"betas[2]": 0.9}, "Adam's betas has no element 2"),
        ("SAM(SGD)", {"roh": 0.9}, "hyperparameter of SAM(SGD) named 'roh'; did you mean rho"),
        (PassesOn, {"momentun": 0.9}, "named 'momentun'"),
        (Swallows, dict(wram=3), "hyperparameter of Swallows named"),  # noqa: C408 - no text
    ],
)
def test_a_wrong_name_or_value_is_one_sentence(optimizer, given, said):
    """Nothing is silently true, and nothing is swallowed."""
    with pytest.raises(UsageError) as caught:
        check(optimizer, **given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_it_cannot_be_known_a_warning_says_so_once(caplog):
    """A class without source takes any name."""
    source = "class Hidden(torch.optim.SGD):\n"
    source += (
        "    def __init__(self, params, lr=0.1, **kw):\n        super().__init__(params, lr=lr)\n"
    )
    held = {"torch": torch, "__name__": "nowhere"}
    exec(source, held)
    with caplog.at_level(logging.WARNING, "deepobs"):
        assert check(held["Hidden"], speed=3) == {"speed": 3}
        assert check(held["Hidden"], speed=4) == {"speed": 4}
    assert [r.message for r in caplog.records if "speed" in r.message] == [
        "Hidden takes any name as a hyperparameter, so whether speed means something to it cannot "
        "be checked."
    ]


class Needs(torch.optim.SGD):
    """Has a hyperparameter without a default."""

    def __init__(self, params, num_data, lr=0.1):
        self.num_data = num_data
        super().__init__(params, lr=lr)


def test_a_hyperparameter_without_a_default_must_be_given():
    """The sentence says how; its value is then passed on."""
    found = find_optimizer(Needs)
    with pytest.raises(UsageError, match=r"needs a value for num_data: .*--set num_data=VALUE"):
        check_step(found, 0.1, {})
    check_step(found, 0.1, {"num_data": 7})
