"""Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import Record
from ..training import Callback
from ._base import needed, run_name


class WandbLogger(Callback):
    """Logs to Weights & Biases; offline, so that nothing leaves the machine unasked.

    `wandb sync FOLDER` uploads what was logged.

    Args:
        folder: Where the files go.
        project: The project's name.
        mode: `"offline"`, or `"online"` to upload at once.

    Raises:
        UsageError: The extra `wandb` is not installed.
    """

    def __init__(
        self, folder: str | Path, *, project: str = "deepobs", mode: str = "offline"
    ) -> None:
        self._wandb = needed("wandb", "wandb")
        self.folder, self.project, self.mode = Path(folder), project, mode

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Opens the run with its settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = self._wandb.init(
            project=self.project,
            name=run_name(config),
            dir=str(self.folder),
            mode=self.mode,
            config=config.to_dict(),
        )

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Logs the metrics."""
        self._run.log(dict(metrics), step=epoch)

    def on_run_end(self, record: Record) -> None:
        """Closes the run."""
        self._run.summary["status"] = record.status
        self._run.finish()
