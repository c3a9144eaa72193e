"""TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ._base import Logger, needed, run_name


class TensorBoardLogger(Logger):
    """Writes each epoch's metrics as TensorBoard events.

    Args:
        folder: Parent folder of the runs' folders.
        every: Steps between two logged training losses; None logs none.

    Raises:
        UsageError: If the extra `tensorboard` is not installed.
    """

    def __init__(self, folder: str | Path, *, every: int | None = None) -> None:
        super().__init__(every)
        self._writer: Any = None
        self._make = needed("torch.utils.tensorboard", "tensorboard").SummaryWriter
        self.folder = Path(folder)

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Opens the writer and logs the settings."""
        self._writer = self._make(str(self.folder / run_name(config)))
        self._writer.add_text("config", json.dumps(config.to_dict()))

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Logs each metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def log_step(self, step: int, loss: float) -> None:
        """Logs the training loss of a step."""
        self._writer.add_scalar("minibatch_train_loss", loss, step)

    def on_run_end(self, record: Record) -> None:
        """Logs how the run ended."""
        self._writer.add_text("status", record.status)

    def on_error(self, error: BaseException) -> None:
        """Logs that the run failed or was stopped."""
        if self._writer is not None:
            self._writer.add_text("status", "failed" if isinstance(error, Exception) else "stopped")

    def close(self) -> None:
        """Closes the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
