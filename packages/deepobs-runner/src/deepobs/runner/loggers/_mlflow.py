"""MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ..training import Callback
from ._base import needed, run_name


class MLflowLogger(Callback):
    """Logs to MLflow: to a SQLite file in a folder, or to a tracking server.

    Args:
        folder: Where the database `mlflow.db` goes.
        experiment: The experiment's name.
        tracking_uri: A server to log to instead.

    Raises:
        UsageError: The extra `mlflow` is not installed.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        experiment: str = "deepobs",
        tracking_uri: str | None = None,
    ) -> None:
        self._client_class = needed("mlflow", "mlflow").MlflowClient
        self.folder, self.experiment, self.tracking_uri = Path(folder), experiment, tracking_uri

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Opens the run with its settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._client = self._client_class(self.tracking_uri or self._database())
        found = self._client.get_experiment_by_name(self.experiment)
        experiment = (
            found.experiment_id if found else self._client.create_experiment(self.experiment)
        )
        self._run = self._client.create_run(experiment, run_name=run_name(config)).info.run_id
        for name, value in config.to_dict().items():
            self._client.log_param(self._run, name, value)

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics."""
        for name, value in metrics.items():
            self._client.log_metric(self._run, name, value, step=epoch)

    def on_run_end(self, record: Record) -> None:
        """Closes the run."""
        self._client.set_terminated(
            self._run, "FINISHED" if record.status == "finished" else "FAILED"
        )

    def _database(self) -> str:
        return f"sqlite:///{(self.folder / 'mlflow.db').resolve()}"
