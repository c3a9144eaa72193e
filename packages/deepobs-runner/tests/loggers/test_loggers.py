"""Loggers beside the records."""

import sqlite3
import warnings

import pytest

from deepobs.runner import UsageError, run
from deepobs.runner.loggers import LOGGERS, make_logger


def logged_run(name, folder):
    """A short run with a logger; what the logger's package warns of is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger = make_logger(name, folder)
        return run(
            "digits_logreg",
            "SGD",
            lr=0.1,
            epochs=2,
            callbacks=[logger],
            progress="off",
            device="cpu",
        )


def test_tensorboard_gets_every_metric_of_every_epoch(tmp_path):
    """Read back with TensorBoard's own reader."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", exc_type=ImportError
    )
    record = logged_run("tensorboard", tmp_path)
    (folder,) = (tmp_path / "logs" / "tensorboard").iterdir()
    events = accumulator.EventAccumulator(str(folder)).Reload()
    values = [event.value for event in events.Scalars("test_loss")]
    assert values == pytest.approx(record.test_losses, rel=1e-6)  # events hold float32


def test_wandb_logs_offline(tmp_path, monkeypatch, until):
    """Files that `wandb sync` can upload later; nothing is sent."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    record = logged_run("wandb", tmp_path)
    (file,) = (tmp_path / "logs" / "wandb").rglob("*.wandb")
    assert file.parent.name.startswith("offline-run-")
    wanted = str(record.test_losses[-1])[:8].encode()  # the last digits may be rounded
    # A process of wandb's writes the file when it gets to it.
    until(lambda: wanted in file.read_bytes())


def test_mlflow_gets_every_metric_of_every_epoch(tmp_path):
    """Read back from its database."""
    pytest.importorskip("mlflow")
    record = logged_run("mlflow", tmp_path)
    database = sqlite3.connect(tmp_path / "logs" / "mlflow" / "mlflow.db")
    query = "select value from metrics where key = 'test_loss' order by step"
    values = [value for (value,) in database.execute(query)]
    database.close()
    assert values == record.test_losses


@pytest.mark.parametrize("name", LOGGERS)
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, name):
    """The sentence is the command that mends it."""
    module = {"tensorboard": "torch.utils.tensorboard"}.get(name, name)

    def missing(wanted):
        assert wanted == module
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("deepobs.runner.loggers._base.import_module", missing)
    with pytest.raises(UsageError, match=rf'pip install "deepobs-runner\[{name}\]"'):
        make_logger(name, tmp_path)


def test_an_unknown_logger_is_refused_with_the_nearest(tmp_path):
    """As any other name."""
    with pytest.raises(UsageError, match="did you mean wandb"):
        make_logger("wand", tmp_path)


def test_a_logger_needs_a_results_folder():
    """It writes beside the records."""
    with pytest.raises(UsageError, match="results folder"):
        make_logger("mlflow", None)
