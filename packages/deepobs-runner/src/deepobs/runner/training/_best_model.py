"""A callback that keeps the best model of a run."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Mapping

import torch

from deepobs.problems import BuiltProblem

from ..config import RunConfig
from ..results import BEST_MODEL, Record, ResultsStore
from ._callbacks import Callback

_log = logging.getLogger(__name__)


class BestModel(Callback):
    """Callback that saves the weights of the best evaluation as `<record>.best.pt`.

    The primary metric decides, on validation data if there are any, else on test data.

    The file is a dictionary that `torch.load` reads with `weights_only=True`: `epoch`,
    `criterion`, `value` and `model` (its state dict).

    Args:
        store: The results folder.
        run_id: The run's identity.
        resumed: Whether to continue from an existing file.
    """

    def __init__(self, store: ResultsStore, run_id: str, *, resumed: bool) -> None:
        self._store = store
        self._work = store.work(run_id)
        self._resumed = resumed
        self._best = -math.inf

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Reads the best value so far."""
        self._built = built
        self._metric = built.problem.metric
        if self._resumed and self._work.exists(BEST_MODEL):
            self._best = self._merit_of_file()

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Saves the model if it is the best so far."""
        names = (f"{phase}_{self._metric.name}" for phase in ("valid", "test"))
        criterion = next(name for name in names if name in metrics)
        merit = self._merit(metrics[criterion])
        if not merit > self._best:
            return
        self._best = merit
        content = io.BytesIO()
        best = {
            "epoch": epoch,
            "criterion": criterion,
            "value": metrics[criterion],
            "model": self._built.model.state_dict(),
        }
        torch.save(best, content)
        self._work.write(BEST_MODEL, content.getvalue())

    def on_run_end(self, record: Record) -> None:
        """Moves the file next to the record."""
        self._store.keep_best(record)

    def _merit(self, value: float) -> float:
        return value if self._metric.higher_is_better else -value

    def _merit_of_file(self) -> float:
        content = io.BytesIO(self._work.read(BEST_MODEL, large=True))
        try:
            best = torch.load(content, map_location="cpu", weights_only=True)
            return self._merit(best["value"])
        except Exception:  # noqa: BLE001 - torch may raise any error for a damaged file
            _log.warning(
                "%s is damaged; the search for the best model starts again.",
                self._work.locate(BEST_MODEL),
            )
            return -math.inf
