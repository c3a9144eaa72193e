"""Callbacks: hooks for your own code during a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from deepobs.problems import BuiltProblem

from ..config import RunConfig

if TYPE_CHECKING:
    from ..results import Record
    from ._trainer import Trainer

_log = logging.getLogger(__name__)


class Callback:
    """Base class of callbacks, whose methods do nothing by default.

    Callbacks are called in the order given, in the main process only. An exception in one ends the
    run and reaches the caller of `run`; a checkpoint that was saved before remains.

    Example:
        >>> class Losses(Callback):
        ...     def on_evaluation(self, epoch, metrics):
        ...         print(epoch, metrics["test_loss"])
    """

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Called before the first evaluation, or before a resumed run continues.

        Args:
            config: The configuration of the run.
            built: The problem: model, data, loss. Reading it is safe; changing it changes the run.
        """

    def on_step_end(self, trainer: Trainer) -> None:
        """Called after each optimizer step. Not called unless overridden.

        Args:
            trainer: The run: `trainer.epoch` and `trainer.step_in_epoch` count from 0 and 1, and
                `trainer.losses[trainer.step_in_epoch - 1]` is the step's loss, on the device.
                Reading it makes the host wait for the device.
        """

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Called after each evaluation, while the evaluated weights are in the model.

        Args:
            epoch: Epochs trained; 0 for the evaluation before the first.
            metrics: `train_loss`, `train_regularizer` and every other metric of the problem, such
                as `train_accuracy`; the same with `test_`, and with `valid_` if there is a
                validation split; the best value so far of the primary metric, such as
                `best_test_accuracy`. After training also `learning_rate` (at the epoch's start) and
                `seconds` (training time of the epoch).
        """

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Called once an epoch is trained and evaluated, and training can continue from it.

        Args:
            trainer: The run; `trainer.epoch` is the number of complete epochs.
        """

    def on_checkpoint(self, steps: int) -> None:
        """Called after a checkpoint was saved.

        Args:
            steps: Optimizer steps taken so far.
        """

    def on_run_end(self, record: Record) -> None:
        """Called once the record is written, for finished and diverged runs.

        Args:
            record: The record of the run.
        """

    def on_error(self, error: BaseException) -> None:
        """Called if the run ends without a record: an error, an interruption, a pruned trial.

        Args:
            error: The error, which is raised again afterwards.
        """

    def close(self) -> None:
        """Called last, however the run ended, to release resources."""

    @property
    def follows_steps(self) -> bool:
        """Whether `on_step_end` is to be called; by default, whether it is overridden."""
        return type(self).on_step_end is not Callback.on_step_end


class Callbacks:
    """A callback that calls several others in order.

    Args:
        callbacks: Called in this order.
    """

    def __init__(self, callbacks: Iterable[Callback] = ()) -> None:
        self.callbacks = tuple(callbacks)
        self.step_callbacks = tuple(one for one in self.callbacks if one.follows_steps)

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        """Calls each callback."""
        for callback in self.callbacks:
            callback.on_run_start(config, built)

    def on_step_end(self, trainer: Trainer) -> None:
        """Calls the callbacks that follow steps."""
        for callback in self.step_callbacks:
            callback.on_step_end(trainer)

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Calls each callback."""
        for callback in self.callbacks:
            callback.on_evaluation(epoch, metrics)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Calls each callback."""
        for callback in self.callbacks:
            callback.on_epoch_end(trainer)

    def on_checkpoint(self, steps: int) -> None:
        """Calls each callback."""
        for callback in self.callbacks:
            callback.on_checkpoint(steps)

    def on_run_end(self, record: Record) -> None:
        """Calls each callback."""
        for callback in self.callbacks:
            callback.on_run_end(record)

    def on_error(self, error: BaseException) -> None:
        """Calls each callback; an exception in one is logged, so that `error` is raised."""
        for callback in self.callbacks:
            try:
                callback.on_error(error)
            except Exception as another:  # noqa: BLE001 - a user's callback may raise anything
                _warn("on_error", callback, another)

    def close(self) -> None:
        """Calls each callback, even if another one fails."""
        for callback in self.callbacks:
            try:
                callback.close()
            except Exception as another:  # noqa: BLE001 - a user's callback may raise anything
                _warn("close", callback, another)


def _warn(method: str, callback: Callback, error: Exception) -> None:
    _log.warning("%s.%s failed: %s", type(callback).__name__, method, error)
