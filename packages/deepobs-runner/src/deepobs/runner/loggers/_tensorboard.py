"""TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ..training import Callback
from ._base import needed, run_name


class TensorBoardLogger(Callback):
    """Writes each epoch's metrics as TensorBoard events.

    Args:
        folder: Where; each run gets a folder of its own in it.

    Raises:
        UsageError: The extra `tensorboard` is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        self._make = needed("torch.utils.tensorboard", "tensorboard").SummaryWriter
        self.folder = Path(folder)

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Opens the run and writes down its settings."""
        self._writer = self._make(str(self.folder / run_name(config)))
        self._writer.add_text("config", json.dumps(config.to_dict()))

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Writes a value a metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def on_run_end(self, record: Record) -> None:
        """Closes the run."""
        self._writer.add_text("status", record.status)
        self._writer.close()
