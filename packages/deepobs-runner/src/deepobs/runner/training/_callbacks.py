"""What a user's own code can hook into while a run is under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from deepobs.problems import BuiltProblem

from ..config import RunConfig

if TYPE_CHECKING:
    from ..results import Record


class Callback:
    """Subclass it, and override what you need; every method does nothing by default.

    Callbacks are called in the order given, in the main process alone. What a callback raises ends
    the run and reaches the caller of `run`; a checkpoint saved before stays. None is called at each
    step: that would cost more than some problems' steps.
    """

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Called before the first evaluation, or before a resumed run goes on.

        Args:
            config: What defines the run.
            built: The problem: model, data, loss. Reading it is safe; changing it changes the run.
        """

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Called after each evaluation.

        Args:
            epoch: Epochs trained; 0 for the evaluation before the first.
            metrics: `train_loss`, `test_loss`, `train_regularizer`, `test_regularizer`;
                `train_accuracy`, `test_accuracy` where the problem has them; the same with
                `valid_` where there is a validation split. After training also `learning_rate`
                (at the epoch's start) and `seconds` (training time of the epoch).
        """

    def on_run_end(self, record: Record) -> None:
        """Called once the record is written, for finished and diverged runs.

        Args:
            record: What the run did.
        """


class Callbacks(Callback):
    """Several callbacks as one.

    Args:
        callbacks: Called in this order.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.callbacks = tuple(callbacks)

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Tells each callback."""
        for callback in self.callbacks:
            callback.on_run_start(config, built)

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Tells each callback."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, metrics)

    def on_run_end(self, record: Record) -> None:
        """Tells each callback."""
        for callback in self.callbacks:
            callback.on_run_end(record)
