"""Code of one's own during a run: when it is called, and that it is closed however the run ends."""

from typing import Any

import pytest
import torch
from run_workers import DoubleStep

from deepobs.problems import build
from deepobs.runner import Callback, RunConfig, Trainer, UsageError, run
from deepobs.runner.results import read_record


class Diary(Callback):
    """Notes what it is told."""

    def __init__(self):
        self.notes = []

    def on_run_start(self, config, built):
        self.notes.append("start")

    def on_evaluation(self, epoch, metrics):
        self.notes.append(f"evaluation {epoch}")

    def on_epoch_end(self, trainer):
        self.notes.append(f"epoch {trainer.epoch}")

    def on_checkpoint(self, steps):
        self.notes.append(f"checkpoint {steps}")

    def on_run_end(self, record):
        self.notes.append(record.status)

    def on_error(self, error):
        self.notes.append(type(error).__name__)

    def close(self):
        self.notes.append("close")


class Fails(Callback):
    """Raises an error after the first epoch, and another one when it is closed."""

    def __init__(self, error):
        self.error = error

    def on_evaluation(self, epoch, metrics):
        if epoch == 1:
            raise self.error

    def close(self):
        raise ValueError("closing fails, too")


SHORT: dict[str, Any] = {"lr": 0.1, "epochs": 2, "progress": "off", "device": "cpu"}


def test_the_order_of_a_run():
    """Start, evaluations and epochs, the record, close."""
    diary = Diary()
    run("digits_logreg", "SGD", callbacks=[diary], **SHORT)
    assert diary.notes == [
        *("start", "evaluation 0", "evaluation 1", "epoch 1", "evaluation 2", "epoch 2"),
        *("finished", "close"),
    ]


def test_checkpoints_are_told(tmp_path):
    """With the number of steps so far: one a step here."""
    diary = Diary()
    run("quadratic_deep", "SGD", callbacks=[diary], results=tmp_path, checkpoint_every=0, **SHORT)
    told = [note for note in diary.notes if note.startswith("checkpoint")]
    assert told[:3] == ["checkpoint 1", "checkpoint 2", "checkpoint 3"]


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()], ids=["error", "stop"])
def test_an_error_is_told_and_everything_closed(error, caplog):
    """The error reaches the caller, even if closing another callback fails."""
    diary = Diary()
    with pytest.raises(type(error)) as raised:
        run("digits_logreg", "SGD", callbacks=[Fails(error), diary], **SHORT)
    assert raised.value is error
    assert diary.notes[-2:] == [type(error).__name__, "close"]
    assert "Fails.close failed: closing fails, too" in caplog.text


def test_steps_cost_nothing_unless_followed():
    """Only callbacks that override `on_step_end` are called after a step."""
    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)
    built = build("digits_logreg")
    assert Trainer(config, built, callbacks=[Diary()]).callbacks.step_callbacks == ()

    losses = []

    class Steps(Callback):
        def on_step_end(self, trainer):
            losses.append(float(trainer.losses[trainer.step_in_epoch - 1]))

    record = run("digits_logreg", "SGD", callbacks=[Steps()], **SHORT)
    assert len(losses) == record.num_steps * 2
    first = losses[: record.num_steps]
    assert first[::10] == pytest.approx(record.minibatch_train_losses[: len(first[::10])])


def test_a_step_of_ones_own(tmp_path):
    """A subclass of Trainer takes the steps; it is part of what defines the run."""
    usual = run("digits_logreg", "SGD", results=tmp_path, **SHORT)
    own = run("digits_logreg", "SGD", trainer=DoubleStep, results=tmp_path, **SHORT)
    assert own.test_losses[-1] < usual.test_losses[-1]  # twice the steps
    assert own.run_id != usual.run_id
    assert not own.was_done
    again = run("digits_logreg", "SGD", trainer="run_workers.DoubleStep", results=tmp_path, **SHORT)
    assert again.was_done
    assert read_record(own.path).config["trainer"] == "run_workers.DoubleStep"


def test_what_is_no_trainer_is_refused():
    """A class of another kind, or a path to nothing."""
    with pytest.raises(UsageError, match="subclass of Trainer"):
        run("digits_logreg", "SGD", trainer=torch.nn.Linear, **SHORT)
    with pytest.raises(UsageError, match="no module"):
        run("digits_logreg", "SGD", trainer="nowhere.Class", **SHORT)
