"""Files of searches that are damaged, or were written to do harm."""

import json
import math
from typing import Any

import pytest

from deepobs.runner import tune
from deepobs.runner.results import CorruptRecordError, read_search

DEEP = json.loads("[" * 60 + "]" * 60)
WRONG: dict[str, tuple[str, Any]] = {
    "best without runs": ("best", {"settings": {}}),
    "best as a list": ("best", [1]),
    "trials as a mapping": ("trials", {"a": 1}),
    "trial without runs": ("trials", [{"settings": {}}]),
    "trial without settings": ("trials", [{"run_ids": []}]),
    "nested runs": ("trials", [{"settings": {}, "run_ids": [["a"]]}]),
    "value in words": ("trials", [{"settings": {}, "run_ids": ["a"], "values": ["x"]}]),
    "fewer values": ("trials", [{"settings": {}, "run_ids": ["a"], "values": []}]),
    "status as a number": ("trials", [{"settings": {}, "run_ids": [], "status": 1}]),
    "seed in words": ("repeats", {"abc": "a"}),
    "nested repeats": ("repeats", {"43": ["a"]}),
    "protocol as a list": ("protocol", ["tuned-20"]),
    "no protocol": ("protocol", None),
    "protocol without a name": ("protocol", {"version": 1, "lengths": [1]}),
    "lengths in words": ("protocol", {"name": "a", "version": 1, "lengths": "xyz"}),
    "length in words": ("length", "x"),
    "infinite length": ("length", math.inf),
    "study as a list": ("study", [1]),
    "negative study": ("study", -1),
    "huge number of trials": ("num_trials", 10**400),
    "optimizer as a list": ("optimizer", ["SGD"]),
    "problem as a number": ("problem", 5),
    "space as a list": ("space", [1]),
    "deep space": ("space", {"lr": DEEP}),
    "hyperparameters as a list": ("hyperparameters", [1]),
    "sources as a text": ("sources", "abc"),
    "source without a sum": ("sources", [{"file": "a.py"}]),
}


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    """The file of a search of two trials."""
    return tune(
        "digits_logreg",
        "SGD",
        strategy="random",
        trials=2,
        epochs=1,
        repeat=1,
        results=tmp_path_factory.mktemp("results"),
        workers=0,
        device="cpu",
        progress="off",
    ).path


@pytest.fixture
def changed(search, tmp_path):
    """Writes a copy of the file with other content."""

    def write(content):
        path = tmp_path / search.name
        path.write_text(json.dumps(content))
        return path

    return write


def test_what_tune_writes_is_read(search):
    """Unchanged."""
    assert read_search(search) == json.loads(search.read_text())


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_field_is_named(search, changed, kind):
    """Whoever reads the file can rely on the types of its fields."""
    name, value = WRONG[kind]
    path = changed({**read_search(search), name: value})
    with pytest.raises(CorruptRecordError, match=f"has a wrong {name}"):
        read_search(path)


@pytest.mark.parametrize("name", ["best", "problem", "trials", "repeats", "space", "num_trials"])
def test_a_missing_field_is_named(search, changed, name):
    """Earlier versions wrote all of these, or `budget` in place of `num_trials`."""
    path = changed({key: value for key, value in read_search(search).items() if key != name})
    with pytest.raises(CorruptRecordError, match=f"has no {name}"):
        read_search(path)


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"format": "deepobs-2"}'])
def test_what_is_no_search_is_refused(tmp_path, text):
    """In a sentence."""
    path = tmp_path / "tuning__a.json"
    path.write_text(text)
    with pytest.raises(CorruptRecordError, match=r"is not (JSON|a search in the format)"):
        read_search(path)
