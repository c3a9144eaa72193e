"""What the settings of a run accept."""

from typing import Any

import pytest
import torch

from deepobs.problems import UnknownProblemError
from deepobs.runner import RunConfig, UsageError


class Unprintable:
    """Raises an error where it is shown or compared."""

    def __repr__(self):
        raise RuntimeError("no text")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None


def nested(levels):
    """Returns lists inside lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def containing_itself():
    """Returns a list that contains itself."""
    value: list[Any] = []
    value.append(value)
    return value


ODD = {
    "unprintable": Unprintable(),
    "deep": nested(5000),
    "cyclic": containing_itself(),
    "array": torch.zeros(3, 3),
    "surrogate": "\ud800",
    "wrappers": "Lookahead(" * 3000 + "SGD" + ")" * 3000,
    "spaces": "SAM(" + " " * 50_000,
}
NAMES = [
    *("problem", "optimizer", "lr", "hyperparameters", "epochs", "schedule", "groups", "calls"),
    *("averaging", "precision", "validation", "replay", "trainer", "seed"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
def test_a_setting_refuses_any_object_in_one_sentence(name, odd):
    """Whatever it is, at once."""
    with pytest.raises((UsageError, UnknownProblemError)) as caught:
        RunConfig(**{"problem": "digits_logreg", "optimizer": "SGD", "lr": 0.1, name: odd})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize(
    "key", ["role", "name", "ndim", "depth", "optimizer", "lr_factor", "hyperparameters"]
)
def test_a_group_refuses_any_object_in_one_sentence(key, odd):
    """In each of its keys."""
    groups: Any = [{key: odd}, {"name": "*"}]
    with pytest.raises(UsageError) as caught:
        RunConfig(problem="digits_mlp", optimizer="SGD", lr=0.1, groups=groups)
    assert "\n" not in str(caught.value)
