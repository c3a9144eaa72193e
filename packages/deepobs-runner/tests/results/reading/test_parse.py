"""Reading one result file of each format, and files that are none."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from deepobs.runner.results.reading._fields import UnreadableRecordError
from deepobs.runner.results.reading._parse import parse_record

DATA = Path(__file__).parent / "data"
SERIES_1_2 = {
    "train_losses": [2.3, 1.0, 0.5],
    "valid_losses": [2.3, 1.1, 0.7],
    "test_losses": [2.3, 1.2, 0.8],
    "train_accuracies": [0.1, 0.6, 0.9],
    "valid_accuracies": [0.1, 0.5, 0.8],
    "test_accuracies": [0.1, 0.5, 0.7],
    "minibatch_train_losses": [2.0, 1.0],
}
RECORD_1_2 = {
    "testproblem": "mnist_mlp",
    "batch_size": 64,
    "num_epochs": 2,
    "random_seed": 7,
    "weight_decay": None,
    "optimizer_name": "SGD",
    "optimizer_hyperparams": {"lr": 0.1, "momentum": 0.9, "nesterov": False},
    "training_params": {},
} | SERIES_1_2


def parse(data, file="p/o/s/random_seed__1__x.json"):
    return parse_record(json.dumps(data).encode(), file)


def test_published_file_with_bare_nan_is_read_as_diverged():
    """A DeepOBS 1.1 file as published, bare NaN and all, is read; the run counts as diverged."""
    path = next(DATA.glob("verbatim/quadratic_deep/MomentumOptimizer/*/*.json"))
    content = path.read_bytes()
    assert b"NaN" in content
    run = parse_record(content, path.name)
    assert run["source"] == "deepobs-1.1"
    assert run["optimizer"] == "Momentum"
    assert json.loads(run["hyperparameters"]) == {"momentum": 0.99, "use_nesterov": False}
    assert run["status"] == "diverged"
    assert math.isnan(run["weight_decay"])
    assert run["test_accuracy"].size == 0
    assert np.isnan(run["test_loss"]).any()
    assert run["steps"].tolist() == [7.0] * 100


@pytest.mark.parametrize(
    ("theirs", "name"),
    [
        ("GradientDescentOptimizer", "SGD"),
        ("MomentumOptimizer", "Momentum"),
        ("AdamOptimizer", "Adam"),
        ("Lion", "Lion"),
    ],
)
def test_tensorflow_classes_get_their_usual_names(theirs, name):
    """The three TensorFlow classes of the baselines are renamed, others are not."""
    data = {"testproblem": "p", "optimizer": theirs, "random_seed": 1, "test_losses": [1.0]}
    assert parse(data)["optimizer"] == name


def test_schedule_of_deepobs_1_1_is_kept():
    """Epochs and factors of a DeepOBS 1.1 schedule become the schedule's text."""
    run = parse_record((DATA / "deepobs_1_1_schedule.json").read_bytes(), "a/b/c/d.json")
    expected = {"name": "step", "epochs": [1, 2], "factors": [0.1, 0.01]}
    assert json.loads(run["schedule"]) == expected
    assert np.isnan(run["steps"]).all()  # every tenth step was logged: the number is unknown


def test_deepobs_1_2_names_and_validation_series():
    """A DeepOBS 1.2 file gives settings from its own names, and the validation series."""
    run = parse(RECORD_1_2)
    assert run["source"] == "deepobs-1.2"
    assert (run["problem"], run["optimizer"], run["seed"]) == ("mnist_mlp", "SGD", 7)
    assert run["learning_rate"] == 0.1
    assert json.loads(run["hyperparameters"]) == {"momentum": 0.9, "nesterov": False}
    assert run["valid_loss"].tolist() == SERIES_1_2["valid_losses"]
    assert run["valid_accuracy"].tolist() == SERIES_1_2["valid_accuracies"]
    assert run["status"] == "finished"


def test_deepobs_1_2_schedule_among_the_training_parameters():
    """DeepOBS 1.2 keeps a schedule in `training_params`."""
    training = {"lr_sched_epochs": [5], "lr_sched_factors": [0.1]}
    run = parse(RECORD_1_2 | {"training_params": training})
    assert json.loads(run["schedule"])["epochs"] == [5]


def test_deepobs_1_2_optimizer_from_the_folder():
    """Early DeepOBS 1.2 files do not name the optimizer; their folder does."""
    data = {name: value for name, value in RECORD_1_2.items() if name != "optimizer_name"}
    assert parse(data, "mnist_mlp/AdamOptimizer/setting/x.json")["optimizer"] == "Adam"
    with pytest.raises(UnreadableRecordError, match="optimizer is missing"):
        parse(data, "x.json")


def test_deepobs_1_2_padding_of_an_aborted_run_is_cut():
    """DeepOBS 1.2 fills an aborted run up with its first values; they are no measurements."""
    padded = {
        "train_losses": [2.3, 9.0, 2.3, 2.3],
        "test_losses": [2.4, 9.5, 2.4, 2.4],
        "valid_losses": [2.5, 9.6, 2.5, 2.5],
        "train_accuracies": [0.1, 0.1, 0.1, 0.1],
        "test_accuracies": [0.1, 0.1, 0.1, 0.1],
        "valid_accuracies": [0.1, 0.1, 0.1, 0.1],
    }
    run = parse(RECORD_1_2 | padded | {"num_epochs": 3})
    assert run["status"] == "diverged"
    assert run["train_loss"].tolist() == [2.3, 9.0]
    assert run["test_accuracy"].tolist() == [0.1, 0.1]


def test_own_record_keeps_status_identity_costs_and_settings():
    """A record of this project keeps its own status and identity; its settings have columns."""
    data = {
        "format": "deepobs-2",
        "run_id": "abc",
        "testproblem": "p",
        "optimizer": "SGD",
        "hyperparams": {"momentum": 0.9},
        "learning_rate": 0.1,
        "random_seed": 3,
        "num_epochs": 2,
        "schedule": {"name": "constant"},
        "precision": "bf16",
        "gradient_accumulation_steps": 2,
        "max_grad_norm": None,
        "replay": True,
        "status": "diverged",
        "train_losses": [1.0, None],
        "test_losses": [1.0, None],
        "num_steps": 10,
        "epoch_seconds": [0.5],
        "cost": {"optimizer_seconds": 0.001, "optimizer_state_bytes": 80},
    }
    run = parse(data)
    assert (run["source"], run["run_id"], run["status"]) == ("deepobs-2", "abc", "diverged")
    assert run["schedule"] == "constant"
    assert (run["precision"], run["gradient_accumulation_steps"], run["replay"]) == (
        "bf16",
        2,
        True,
    )
    assert math.isnan(run["max_grad_norm"])
    assert run["optimizer_seconds"] == 0.001
    assert math.isnan(run["peak_memory_bytes"])
    assert run["steps"].tolist() == [10.0]


def test_minibatch_losses_need_not_be_valid_numbers():
    """Mini-batch losses are skipped unread, and the rest of the file is read all the same."""
    text = json.dumps(RECORD_1_2).replace("[2.0, 1.0]", "[2.0, oops]")
    assert parse_record(text.encode(), "a/b/c/d.json")["seed"] == 7


def test_a_text_that_looks_like_the_minibatch_key_does_no_harm():
    """The name of the mini-batch series inside a text, or with nested lists, changes nothing."""
    data = RECORD_1_2 | {"note": 'a "minibatch_train_losses": [1] b'}
    assert parse(data)["test_loss"].tolist() == SERIES_1_2["test_losses"]
    data = RECORD_1_2 | {"minibatch_train_losses": [[1, 2], [3]]}
    assert parse(data)["test_loss"].tolist() == SERIES_1_2["test_losses"]


@pytest.mark.parametrize(
    "content", [b"{}", b"[1, 2]", b"3", b'{"testproblem": "p"}', b"not json", b"", b"[" * 10**5]
)
def test_other_files_are_no_records(content):
    """JSON that describes no run, and text that is no JSON, is unrelated, not damaged."""
    assert parse_record(content, "package.json") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"random_seed": None}, "random_seed is None, expected a whole number"),
        ({"random_seed": 10**30}, "random_seed is 1000"),
        ({"num_epochs": "many"}, "num_epochs is 'many', expected a whole number"),
        ({"test_losses": "1, 2"}, "test_losses is '1, 2', expected a list"),
        ({"test_losses": [1.0, "x"]}, r"test_losses\[1\] is 'x', expected a number"),
        ({"test_losses": [1.0, [2.0]]}, r"test_losses\[1\] is \[2.0\], expected a number"),
        ({"testproblem": 3}, "testproblem is 3, expected a name"),
        ({"optimizer_hyperparams": [1]}, r"hyperparams is \[1\], expected an object"),
        ({"training_params": [1]}, r"training_params is \[1\], expected an object"),
        ({"learning_rate": {}}, "learning_rate is {}, expected a number"),
        ({name: [] for name in SERIES_1_2}, "none of train_losses, .* holds a value"),
    ],
)
def test_damaged_records_say_what_is_wrong(change, message):
    """A record with a field that makes no sense is refused, naming field and value."""
    with pytest.raises(UnreadableRecordError, match=message):
        parse(RECORD_1_2 | change)


@pytest.mark.parametrize("cut", [20, 200, -2])
def test_truncated_record_is_unreadable(cut):
    """A record that was cut off is reported, not taken for an unrelated file."""
    with pytest.raises(UnreadableRecordError, match="not valid JSON"):
        parse_record(json.dumps(RECORD_1_2).encode()[:cut], "random_seed__1__x.json")


def test_huge_numbers_become_infinite():
    """Numbers beyond float64, or beyond what sums can hold, make the run a diverged one."""
    text = json.dumps(RECORD_1_2).replace("0.5]", f"1e999, {10**400}, -{10**400}, 1e300]", 1)
    run = parse_record(text.encode(), "a/b/c/d.json")
    assert run["train_loss"][2:].tolist() == [math.inf, math.inf, -math.inf, math.inf]
    assert run["status"] == "diverged"


def test_huge_epoch_count_takes_no_memory():
    """A file that claims 10^18 epochs is read with the values it has."""
    run = parse(RECORD_1_2 | {"num_epochs": 10**18, "num_steps": 5})
    assert run["steps"].tolist() == [5.0, 5.0]


def test_lone_surrogates_in_names_are_replaced():
    """A name that is not valid Unicode is read in a form that can be stored."""
    run = parse(RECORD_1_2 | {"testproblem": "a\ud800b"})
    assert run["problem"] == "a?b"
