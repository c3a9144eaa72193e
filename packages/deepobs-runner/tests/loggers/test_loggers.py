"""Loggers beside the records."""

import warnings
from pathlib import Path
from typing import Any

import pytest

from deepobs.runner import Callback, UsageError, run, sweep
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


def mlflow_runs(mlflow, folder):
    """MLflow's client on a results folder, and the runs that it finds there."""
    client = mlflow.MlflowClient(f"sqlite:///{folder}/logs/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("deepobs").experiment_id
    return client, list(client.search_runs([experiment]))


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


def test_wandb_logs_offline(tmp_path, monkeypatch):
    """W&B's run is offline and in the results folder, and is given the metrics of every epoch."""
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    runs, values, log = [], [], wandb.Run.log

    def spy(self, metrics):
        runs.append(self)
        values.append(metrics["test_loss"])
        log(self, metrics)

    monkeypatch.setattr(wandb.Run, "log", spy)
    record = logged_run("wandb", tmp_path)
    assert values == record.test_losses
    assert all(run is runs[0] and run.offline for run in runs)
    assert (tmp_path / "logs" / "wandb") in Path(runs[0].dir).parents


def test_mlflow_gets_every_metric_of_every_epoch(tmp_path):
    """Read back with MLflow's client."""
    mlflow = pytest.importorskip("mlflow")
    record = logged_run("mlflow", tmp_path)
    client, (logged,) = mlflow_runs(mlflow, tmp_path)
    history = client.get_metric_history(logged.info.run_id, "test_loss")
    assert [metric.value for metric in sorted(history, key=lambda metric: metric.step)] == (
        record.test_losses
    )


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


class Stops(Callback):
    """Ends the run after its first evaluation."""

    def __init__(self, error):
        self.error = error

    def on_evaluation(self, epoch, metrics):
        raise self.error


def failed_run(logger, error):
    settings: dict[str, Any] = {"lr": 0.1, "epochs": 1, "progress": "off", "device": "cpu"}
    callbacks = [logger, Stops(error)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(type(error)):
            run("digits_logreg", "SGD", callbacks=callbacks, **settings)


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_mlflow_ends_the_run_however_it_ends(tmp_path, error, status):
    """No run stays RUNNING."""
    mlflow = pytest.importorskip("mlflow")
    failed_run(make_logger("mlflow", tmp_path), error)
    assert [run.info.status for run in mlflow_runs(mlflow, tmp_path)[1]] == [status]


def test_wandb_gives_the_next_run_a_run_of_its_own(tmp_path, monkeypatch):
    """The failed run is finished, so that nothing more is logged under its name."""
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    failed_run(make_logger("wandb", tmp_path), RuntimeError("no"))
    assert wandb.run is None
    logged_run("wandb", tmp_path)
    assert len(list((tmp_path / "logs" / "wandb").rglob("*.wandb"))) == 2


def test_training_losses_are_logged_on_request(tmp_path):
    """One value every so many steps, counted from the run's first."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", exc_type=ImportError
    )
    logger = make_logger("tensorboard", tmp_path, every=7)
    settings: dict[str, Any] = {"lr": 0.1, "epochs": 2, "progress": "off", "device": "cpu"}
    record = run("digits_logreg", "SGD", callbacks=[logger], **settings)
    (folder,) = (tmp_path / "logs" / "tensorboard").iterdir()
    events = accumulator.EventAccumulator(str(folder)).Reload()
    steps = [event.step for event in events.Scalars("minibatch_train_loss")]
    assert steps == list(range(7, 2 * record.num_steps + 1, 7))


def test_a_sweep_logs_its_runs(tmp_path):
    """Each in its worker, beside the records."""
    pytest.importorskip("tensorboard")
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": [0.1, 0.2], "epochs": 1}
    sweep(plan, results=tmp_path, workers=1, device="cpu", progress="off", loggers=["tensorboard"])
    assert len(list((tmp_path / "logs" / "tensorboard").iterdir())) == 2
    with pytest.raises(UsageError, match="did you mean tensorboard"):
        sweep(plan, results=tmp_path, device="cpu", progress="off", loggers=["tensorbord"])
