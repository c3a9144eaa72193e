"""Protocols and budgets as values."""

import json

import pytest

from deepobs.runner import UsageError
from deepobs.runner.protocols import PROTOCOLS, Budget, Protocol, get_protocol, parse_budget


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_read_as_it_was_written(name):
    """Through JSON, with its version."""
    protocol = PROTOCOLS[name]
    assert Protocol.from_dict(json.loads(json.dumps(protocol.to_dict()))) == protocol


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("20", Budget(20)),
        (20, Budget(20)),
        ("2e5 gradients", Budget(200_000, "gradients")),
        ("90.5 seconds", Budget(90.5, "seconds")),
    ],
)
def test_a_budget_has_a_unit(text, budget):
    """A number alone is in the unit of the protocol; its text is read again."""
    assert parse_budget(text) == budget
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a budget"),
        ("many", "is not a budget"),
        ("20 trials now", "is not a budget"),
        ("20 trails", "did you mean trials"),
        ("0", "above 0, not 0"),
        ("2.5", "whole number above 0, not 2.5"),
        ("-1 seconds", "number above 0, not -1"),
    ],
)
def test_a_wrong_budget_is_named(text, words):
    """In one sentence."""
    with pytest.raises(UsageError, match=words):
        parse_budget(text)


def test_another_budget_is_another_protocol():
    """Its name says so, so that results of the two are not mistaken for each other."""
    tuned = PROTOCOLS["tuned-20"]
    assert tuned.changed(budget=20) == tuned
    assert tuned.changed(budget=10).name == "tuned-10"
    assert tuned.changed(budget="2000 gradients").name == "tuned-2000-gradients"
    assert PROTOCOLS["deepobs-2019"].changed(budget=12).name == "deepobs-2019-budget-12"
    assert tuned.changed(lengths=[0.5, 1]).name == "tuned-20-length-0.5-1"
    with pytest.raises(UsageError, match="untuned has no search"):
        PROTOCOLS["untuned"].changed(budget=10)
    with pytest.raises(UsageError, match="different numbers above 0"):
        tuned.changed(lengths=[1, 1])


def test_the_seeds_of_repetitions_are_fresh_where_the_protocol_says_so():
    """tuned-20 repeats with seeds that chose nothing; DeepOBS repeats the one that chose."""
    assert PROTOCOLS["tuned-20"].repeat_seeds == tuple(range(43, 53))
    assert PROTOCOLS["deepobs-2019"].repeat_seeds == tuple(range(42, 52))


def test_an_unknown_protocol_is_named_with_the_nearest():
    """In one sentence."""
    with pytest.raises(UsageError, match="did you mean tuned-20"):
        get_protocol("tuned20")
