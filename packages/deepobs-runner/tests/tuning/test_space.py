"""Search spaces, as the command and Python take them."""

import pytest

from deepobs.runner import UsageError
from deepobs.runner.sweeps import DEEPOBS_GRID
from deepobs.runner.tuning import Choice, Integer, LogUniform, Uniform, parse_space


def test_the_grid_of_deepobs_range_is_that_of_deepobs():
    """The same 36 learning rates."""
    space = parse_space(["lr=log:1e-5:1e2"])
    assert space["lr"].grid() == pytest.approx(DEEPOBS_GRID, rel=1e-12)
    assert space["lr"].grid() == DEEPOBS_GRID  # the same runs, to the bit


def test_words():
    """Each kind of range is read; numbers, booleans and names in choices too."""
    space = parse_space(
        [
            "momentum=choice:0.9,0.99",
            "lr=log:1e-3:1",
            "x=uniform:0:2",
            "k=int:1:3",
            "b=choice:true,false",
        ]
    )
    assert space == {
        "lr": LogUniform(1e-3, 1.0),
        "momentum": Choice((0.9, 0.99)),
        "x": Uniform(0.0, 2.0),
        "k": Integer(1, 3),
        "b": Choice((True, False)),
    }
    assert next(iter(space)) == "lr"
    assert parse_space({"lr": "log:1e-3:1", "k": Integer(1, 3)})["lr"] == LogUniform(1e-3, 1.0)


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("log:1e-2:1", [0.01, 0.1, 0.99]),
        ("uniform:-1:1", [-1.0, 0.0, 0.99]),
        ("int:0:9", [0, 5, 9]),
        ("choice:a,b", ["a", "b", "b"]),
    ],
)
def test_at(word, values):
    """Places from 0 to 1 cover the range, on its scale."""
    dimension = parse_space([f"lr={word}"])["lr"]
    places = [0.0, 0.5, 1 - 1e-3]
    # 1 - 1e-3 is within one per cent of the end of a continuous range
    assert [dimension.at(place) for place in places] == [
        pytest.approx(value, rel=0.02) if isinstance(value, float) else value for value in values
    ]


@pytest.mark.parametrize("word", ["log:0.001:1", "uniform:-1:1", "int:0:9", "choice:0.9,x"])
def test_text(word):
    """A range's text is what the command takes."""
    assert str(parse_space([f"lr={word}"])["lr"]) == word


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("lr", "'lr' is not a range"),
        ("lr=logg:1:2", "did you mean log"),
        ("lr=log:1", "expected log:LOW:HIGH"),
        ("lr=log:0:1", "0 < LOW < HIGH"),
        ("lr=log:2:1", "0 < LOW < HIGH"),
        ("lr=uniform:1:1", "LOW < HIGH"),
        ("lr=int:0.5:2", "whole numbers"),
        ("lr=choice:", "at least one value"),
        ("lr=0.1", "expected log:LOW:HIGH, 1-log:LOW:HIGH, uniform:LOW:HIGH"),
    ],
)
def test_refused(word, words):
    """What is no range is named, with what was expected."""
    with pytest.raises(UsageError, match=words):
        parse_space([word])


def test_a_parameter_twice():
    """A parameter given twice is refused."""
    with pytest.raises(UsageError, match="names a parameter twice"):
        parse_space(["lr=log:1:2", "lr=log:1:3"])
