"""Metrics besides loss and accuracy: from the record to the frame."""

import math

import pytest

from deepobs.runner import load_records
from deepobs.runner.results import UnreadableRecordWarning

METRICS = {
    "loss": {"higher_is_better": False},
    "perplexity": {"higher_is_better": False, "train": [8.0, 4.0], "test": [9.0, None]},
    "score": {"higher_is_better": True, "test": [0.0, 3.0], "valid": [1.0, 2.0]},
}


@pytest.fixture
def frame(tmp_path, write_record):
    fields = {"primary_metric": "perplexity", "metrics": METRICS}
    write_record(tmp_path, "random_seed__1__a.json", losses=[2.0, 1.0], run_id="own", **fields)
    write_record(tmp_path, "random_seed__2__a.json", losses=[2.0, 1.0, 0.5], run_id="plain")
    load_records(tmp_path)  # writes the index
    return load_records(tmp_path)


def test_each_has_a_column_for_each_phase(frame):
    """Null is missing; a run without the metric has no values, nor has one beyond its end."""
    own = frame[frame["run_id"] == "own"]
    assert own["train_perplexity"].tolist() == [8.0, 4.0]
    assert own["test_perplexity"].iloc[0] == 9.0
    assert math.isnan(own["test_perplexity"].iloc[1])
    assert own["valid_score"].tolist() == [1.0, 2.0]
    assert frame.loc[frame["run_id"] == "plain", "test_score"].isna().all()
    assert "valid_perplexity" not in frame


def test_the_frame_says_which_is_primary_and_which_is_maximized(frame):
    """A record without the fields says nothing."""
    first = frame.drop_duplicates("run_id").set_index("run_id")
    assert first.loc["own", ["primary_metric", "maximized"]].tolist() == ["perplexity", "score"]
    assert first.loc["plain", ["primary_metric", "maximized"]].tolist() == ["", ""]


def test_a_frame_without_any_has_no_such_columns(make_frame):
    """As that of earlier records."""
    frame = make_frame({})
    assert [name for name in frame if name.startswith("test_")] == [
        "test_loss",
        "test_accuracy",
        "test_regularizer",
    ]


def test_examples_and_tokens_follow_from_steps(make_frame):
    """Steps times the batch size, and times the tokens of an example where there are tokens."""
    frame = make_frame({"num_steps": 7, "batch_size": 10}, {"sequence_length": 5, "run_id": "t"})
    text = frame["run_id"] == "t"
    assert frame.loc[~text, "examples"].tolist() == [0.0, 70.0, 140.0, 210.0]
    assert frame.loc[~text, "tokens"].isna().all()
    assert frame.loc[text, "tokens"].tolist() == [0.0, 4480.0, 8960.0, 13440.0]


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": [1]},
        {"metrics": {"a b": {}}},
        {"metrics": {"a": 1}},
        {"metrics": {"a": {"test": "x"}}},
        {"primary_metric": 3},
        {"primary_metric": "a b"},
    ],
)
def test_damaged_fields_are_named(tmp_path, write_record, fields):
    """The file is left out with a reason."""
    write_record(tmp_path, **fields)
    with pytest.warns(UnreadableRecordWarning, match=next(iter(fields)) + r"|test"):
        load_records(tmp_path)
