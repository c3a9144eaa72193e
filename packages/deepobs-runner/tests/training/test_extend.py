"""Resuming with more epochs than before."""

import pytest

from deepobs.runner import Callback, UsageError, run
from deepobs.runner.schedules import check_schedule, depends_on_length

STEP = {"name": "step", "epochs": [1, 3], "factors": [0.5, 0.1]}
WARM = {"name": "constant", "warmup_epochs": 1}
EXPONENTIAL = {"name": "ExponentialLR", "gamma": 0.7}


class StoppedError(Exception):
    """Raised in the middle of a run."""


class StopAfter(Callback):
    """Ends a run with an error after so many epochs."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_evaluation(self, epoch, metrics):
        if epoch == self.epochs:
            raise StoppedError


def train(folder, epochs, **options):
    settings = {"lr": 0.01, "epochs": epochs, "results": folder, "progress": "off"}
    return run("digits_mlp", "Adam", **{**settings, **options})


@pytest.mark.parametrize(
    "schedule",
    ["constant", STEP, WARM, EXPONENTIAL],
    ids=["constant", "step", "warm-up", "torch's"],
)
def test_a_finished_run_goes_on_exactly(tmp_path, measured, schedule):
    """Bit for bit as the longer run, of which only the rest is trained."""
    first = train(tmp_path / "a", 2, schedule=schedule, keep_checkpoint=True)
    extended = train(tmp_path / "a", 4, schedule=schedule, resume=True)
    whole = train(tmp_path / "b", 4, schedule=schedule)
    assert measured(extended.path) == measured(whole.path)
    assert extended.epoch_seconds[:2] == first.epoch_seconds


def test_an_interrupted_run_goes_on_exactly(tmp_path, measured):
    """Its last checkpoint is taken, though it belongs to a run of three epochs."""
    with pytest.raises(StoppedError):
        train(tmp_path / "a", 3, checkpoint_every=0, callbacks=[StopAfter(2)])
    begun = []

    class Seen(Callback):
        def on_evaluation(self, epoch, metrics):
            begun.append(epoch)

    extended = train(tmp_path / "a", 5, resume=True, callbacks=[Seen()])
    assert begun[0] == 2
    assert measured(extended.path) == measured(train(tmp_path / "b", 5).path)


def test_the_longest_of_several_is_taken(tmp_path):
    """Three epochs rather than one."""
    train(tmp_path, 1, keep_checkpoint=True)
    three = train(tmp_path, 3, keep_checkpoint=True)
    assert train(tmp_path, 4, resume=True).epoch_seconds[:3] == three.epoch_seconds


def test_a_schedule_that_depends_on_the_length_starts_from_the_beginning(tmp_path, caplog):
    """A cosine over two epochs is no part of one over four; one sentence says so."""
    first = train(tmp_path, 2, schedule="cosine", keep_checkpoint=True)
    longer = train(tmp_path, 4, schedule="cosine", resume=True)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "its schedule cosine depends on the number of epochs" in said
    assert longer.epoch_seconds[:2] != first.epoch_seconds


def test_a_finished_run_without_a_checkpoint_says_so(tmp_path, caplog):
    """Training starts from the beginning, and the user learns how to keep the state next time."""
    train(tmp_path, 2)
    assert train(tmp_path, 3, resume=True).status == "finished"
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("The run of 2 epochs cannot be extended to 3")
    assert "--keep-checkpoint" in said


def test_another_seed_is_another_run(tmp_path, caplog):
    """Nothing is taken up, and nothing is said."""
    train(tmp_path, 2, keep_checkpoint=True)
    train(tmp_path, 3, seed=43, resume=True)
    assert not caplog.records


def test_a_checkpoint_needs_a_folder():
    """It could not be kept anywhere."""
    with pytest.raises(UsageError, match="keep_checkpoint"):
        run("digits_mlp", "Adam", lr=0.01, epochs=1, keep_checkpoint=True, progress="off")


@pytest.mark.parametrize(
    ("schedule", "depends"),
    [
        *((name, True) for name in ("linear", "cosine", "trapezoidal")),
        *((name, False) for name in ("constant", "cosine_warm_restarts")),
        *((schedule, False) for schedule in (STEP, EXPONENTIAL)),
        ({"name": "OneCycleLR", "max_factor": 2.0, "total_steps": 20}, True),
    ],
)
def test_schedules_that_depend_on_the_length(schedule, depends):
    """Those that reach their last rate at the end of the run."""
    assert depends_on_length(check_schedule(schedule)) is depends
