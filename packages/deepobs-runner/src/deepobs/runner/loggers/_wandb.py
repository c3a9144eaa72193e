"""Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ._base import Logger, needed, run_name


class WandbLogger(Logger):
    """Logs to Weights & Biases; offline by default.

    `wandb sync FOLDER` uploads what was logged.

    Args:
        folder: Folder of the files.
        project: The project's name.
        mode: `"offline"`, or `"online"` to upload at once.
        every: Steps between two logged training losses; None logs none.

    Raises:
        UsageError: If the extra `wandb` is not installed.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        project: str = "deepobs",
        mode: str = "offline",
        every: int | None = None,
    ) -> None:
        super().__init__(every)
        self._run: Any = None
        self._exit_code = 1
        self._wandb = needed("wandb", "wandb")
        self.folder, self.project, self.mode = Path(folder), project, mode

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Starts the run and logs its settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = self._wandb.init(
            project=self.project,
            name=run_name(config),
            dir=str(self.folder),
            mode=self.mode,
            config=config.to_dict(),
        )

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics."""
        self._run.log({**metrics, "epoch": epoch})

    def log_step(self, step: int, loss: float) -> None:
        """Logs the training loss of a step."""
        self._run.log({"minibatch_train_loss": loss, "step": step})

    def on_run_end(self, record: Record) -> None:
        """Logs how the run ended."""
        self._run.summary["status"] = record.status
        self._exit_code = 0

    def on_error(self, error: BaseException) -> None:
        """Logs that the run failed or was stopped."""
        if self._run is not None:
            self._run.summary["status"] = "failed" if isinstance(error, Exception) else "stopped"

    def close(self) -> None:
        """Finishes the run."""
        if self._run is not None:
            self._run.finish(exit_code=self._exit_code)
            self._run = None
