"""Saves checkpoints when they are due, and stops the run when a signal asks for it."""

from __future__ import annotations

import logging
import signal
from time import monotonic
from typing import TYPE_CHECKING

from ..common import ResultsError, RunInterruptedError
from ._callbacks import Callback
from ._checkpoint import Checkpoints
from ._signals import StopSignals

if TYPE_CHECKING:
    from ._trainer import Trainer

_log = logging.getLogger(__name__)

DEFAULT_SECONDS = 300.0
# Several processes agree on saving and stopping; asking each other at every step would cost.
_STEPS_BETWEEN_AGREEMENTS = 20


class CheckpointGuard(Callback):
    """Saves a checkpoint every so often, and before a signal ends the run.

    Unlike other callbacks it is called in every process of a run, since they stop together.

    Args:
        checkpoints: Where to save.
        signals: Which signal came.
        every: Seconds between two checkpoints; 0 saves at every step.
    """

    def __init__(self, checkpoints: Checkpoints, signals: StopSignals, every: float) -> None:
        self.checkpoints = checkpoints
        self.signals = signals
        self.every = every
        self.next = monotonic() + every
        self._looked = False  # whether the optimizer can be resumed exactly

    def on_step_end(self, trainer: Trainer) -> None:
        """Saves or stops, if one of them is due.

        Raises:
            RunInterruptedError: A signal came; it says whether the checkpoint is saved.
        """
        wish = 1 + self.signals.received if self.signals.received else monotonic() >= self.next
        if trainer.processes.world_size > 1:
            if trainer.step_in_epoch % _STEPS_BETWEEN_AGREEMENTS:
                return
            wish = trainer.processes.largest(int(wish), trainer.built.device)
        if wish:
            self._save(trainer, stop_for=wish - 1)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Does the same between two epochs.

        Raises:
            RunInterruptedError: A signal came; it says whether the checkpoint is saved.
        """
        self.on_step_end(trainer)

    def _save(self, trainer: Trainer, *, stop_for: int) -> None:
        state = trainer.state_dict()
        steps = trainer.epoch * trainer.steps_per_epoch + trainer.step_in_epoch

        if not self._looked:
            self._looked = True
            why = trainer.why_not_resumed_exactly()
            if why is not None:
                _log.warning(
                    "The optimizer %s cannot be resumed exactly: %s. A resumed run says so in its "
                    "record.",
                    *(trainer.config.optimizer_name, why),
                )

        def save() -> str:
            try:
                self.checkpoints.save(state, steps)
            except ResultsError as error:  # training can go on, and the disk may have room later
                _log.warning("The run continues without a new checkpoint: %s", error)
                return f"no new checkpoint: {error}"
            trainer.callbacks.on_checkpoint(steps)
            return "the checkpoint is saved, continue with resume"

        # All wait for the first process: torchrun ends it, saving or not, once another has exited.
        said = trainer.processes.on_main(save)
        self.next = monotonic() + self.every
        if stop_for:
            raise RunInterruptedError(
                f"Stopped by {signal.Signals(stop_for).name} in epoch {trainer.epoch + 1} after "
                f"{trainer.step_in_epoch} of {trainer.steps_per_epoch} steps; {said}.",
                stop_for,
            )
