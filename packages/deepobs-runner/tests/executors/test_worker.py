"""What a worker does with a job, in this process."""

import errno
import os
import re
from typing import Any

import pytest

from deepobs.runner import RunConfig
from deepobs.runner.executors import Job, JobProgress, PrunedError
from deepobs.runner.executors._worker import perform
from deepobs.runner.results import ResultsStore
from deepobs.runner.training import Callback


class _Raises(Callback):
    """Raises an error after the first epoch."""

    def __init__(self, error):
        self.error = error

    def on_evaluation(self, epoch, metrics):
        if epoch == 1:
            raise self.error


def _job(folder, *callbacks, problem="digits_logreg", **options):
    config = RunConfig(problem=problem, optimizer="SGD", lr=0.1, epochs=2)
    options = {"results": folder, "device": "cpu", "callbacks": callbacks, **options}
    return Job(config=config, options=options)


def test_a_run(tmp_path):
    """The record is written, and each evaluation reported."""
    said: list[Any] = []
    outcome = perform(_job(tmp_path), said.append)
    assert (outcome.status, outcome.message) == ("finished", None)
    assert outcome.seconds > 0
    record = ResultsStore(tmp_path).find(_job(tmp_path).config)
    results = [
        f"test accuracy {value:.4g} (best {max(record.test_accuracies[: epoch + 1]):.4g})"
        for epoch, value in enumerate(record.test_accuracies)
    ]
    assert said == [JobProgress(epoch=epoch, result=r) for epoch, r in enumerate(results)]


def test_busy(tmp_path):
    """A run that another process holds is neither done nor waited for."""
    job = _job(tmp_path)
    with ResultsStore(tmp_path).lock(job.config):
        assert perform(job, print).status == "busy"


def test_pruned(tmp_path):
    """A pruned run leaves neither record nor checkpoint."""
    outcome = perform(_job(tmp_path, _Raises(PrunedError("too slow"))), print)
    assert (outcome.status, outcome.message, outcome.retry) == ("pruned", "too slow", False)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"] == []


@pytest.mark.parametrize(
    ("error", "words", "retry"),
    [
        (ValueError("odd\nvery odd"), "ValueError: odd", False),
        (KeyError("x"), "KeyError: 'x'", False),
        (RuntimeError("busy"), "RuntimeError: busy", True),
        (MemoryError(), "MemoryError", True),
    ],
)
def test_an_error(tmp_path, error, words, retry):
    """An error is one line with its place; a mistake in code is not worth another attempt."""
    outcome = perform(_job(tmp_path, _Raises(error)), print)
    assert (outcome.status, outcome.retry) == ("failed", retry)
    assert re.fullmatch(rf"{words} \(test_worker\.py, line \d+\)", outcome.message)


def test_missing_data(tmp_path):
    """Missing data are named, and another attempt would not find them either."""
    job = _job(tmp_path / "results", problem="mnist_logreg", data_root=tmp_path / "nothing")
    outcome = perform(job, print)
    assert (outcome.status, outcome.retry) == ("failed", False)
    assert "nothing" in outcome.message


def test_a_full_disk(tmp_path, monkeypatch):
    """A record that cannot be written is a failure worth another attempt, in a sentence."""

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deepobs.runner.common._files.os.fsync", full)
    outcome = perform(_job(tmp_path), print)
    assert (outcome.status, outcome.retry) == ("failed", True)
    assert outcome.message.endswith("could not be written: No space left on device.")


def test_a_damaged_checkpoint(tmp_path):
    """If a run's checkpoints cannot be used, it begins again."""
    job = _job(tmp_path, checkpoint_every=0)
    perform(_job(tmp_path, _Raises(RuntimeError()), checkpoint_every=0), print)
    damaged = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"]
    assert damaged
    for path in damaged:
        path.write_bytes(b"nothing")
    assert perform(job, print).status == "finished"
