"""MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ._base import Logger, needed, run_name


class MLflowLogger(Logger):
    """Logs to MLflow: to a SQLite file in a folder, or to a tracking server.

    Args:
        folder: Folder of the database `mlflow.db`.
        experiment: The experiment's name.
        tracking_uri: A tracking server to log to instead.
        every: Steps between two logged training losses; None logs none.

    Raises:
        UsageError: If the extra `mlflow` is not installed.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        experiment: str = "deepobs",
        tracking_uri: str | None = None,
        every: int | None = None,
    ) -> None:
        super().__init__(every)
        self._status = "FAILED"
        self._run: str | None = None
        self._client_class = needed("mlflow", "mlflow").MlflowClient
        self.folder, self.experiment, self.tracking_uri = Path(folder), experiment, tracking_uri

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Starts the run and logs its settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._client = self._client_class(self.tracking_uri or self._database())
        found = self._client.get_experiment_by_name(self.experiment)
        experiment = (
            found.experiment_id if found else self._client.create_experiment(self.experiment)
        )
        self._run = self._client.create_run(experiment, run_name=run_name(config)).info.run_id
        for name, value in config.to_dict().items():
            self._client.log_param(self._run, name, value)

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics."""
        for name, value in metrics.items():
            self._client.log_metric(self._run, name, value, step=epoch)

    def log_step(self, step: int, loss: float) -> None:
        """Logs the training loss of a step."""
        self._client.log_metric(self._run, "minibatch_train_loss", loss, step=step)

    def on_run_end(self, record: Record) -> None:
        """Logs how the run ended; a diverged run counts as failed."""
        self._status = "FINISHED" if record.status == "finished" else "FAILED"

    def on_error(self, error: BaseException) -> None:
        """Logs that the run failed or was stopped."""
        self._status = "FAILED" if isinstance(error, Exception) else "KILLED"

    def close(self) -> None:
        """Ends the run in MLflow with its status."""
        if self._run is not None:
            self._client.set_terminated(self._run, self._status)
            self._run = None

    def _database(self) -> str:
        return f"sqlite:///{(self.folder / 'mlflow.db').resolve()}"
