"""The callback that saves checkpoints and stops the run after a signal."""

from __future__ import annotations

import logging
import signal
from time import monotonic
from typing import TYPE_CHECKING

from ..common import ResultsError, RunInterruptedError
from ._callbacks import Callback
from ._checkpoint import Checkpoints
from ._signals import StopSignals
from ._state import why_not_resumed_exactly

if TYPE_CHECKING:
    from ._trainer import Trainer

_log = logging.getLogger(__name__)

DEFAULT_SECONDS = 300.0
# Several processes have to agree on saving and stopping; doing so at every step is too slow.
_STEPS_BETWEEN_AGREEMENTS = 20


class CheckpointGuard(Callback):
    """Callback that saves checkpoints at intervals, and before a signal ends the run.

    Unlike other callbacks it is called in every process of a run, since they stop together.

    Args:
        checkpoints: Where to save.
        signals: The received signal.
        every: Seconds between two checkpoints; 0 saves at every step.
    """

    def __init__(self, checkpoints: Checkpoints, signals: StopSignals, every: float) -> None:
        self.checkpoints = checkpoints
        self.signals = signals
        self.every = every
        self.next = monotonic() + every
        self._looked = False
        self._why: str | None = None  # why the optimizer cannot be resumed exactly

    def on_step_end(self, trainer: Trainer) -> None:
        """Saves a checkpoint at the interval, or stops the run after a signal.

        Raises:
            RunInterruptedError: If a signal was received; the message says whether a checkpoint was
                saved.
        """
        wish = 1 + self.signals.received if self.signals.received else monotonic() >= self.next
        if trainer.processes.world_size > 1:
            if trainer.step_in_epoch % _STEPS_BETWEEN_AGREEMENTS:
                return
            wish = trainer.processes.largest(int(wish), trainer.built.device)
        if wish:
            self._save(trainer, stop_for=wish - 1)

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Saves or stops between two epochs, as `on_step_end` does.

        Raises:
            RunInterruptedError: If a signal was received; the message says whether a checkpoint was
                saved.
        """
        self.on_step_end(trainer)

    def _save(self, trainer: Trainer, *, stop_for: int) -> None:
        steps = trainer.epoch * trainer.steps_per_epoch + trainer.step_in_epoch
        if not self._looked:
            self._looked = True
            self._why = why_not_resumed_exactly(trainer)
            if self._why is not None:
                _log.warning(
                    "The optimizer %s cannot be resumed exactly: %s.",
                    *(trainer.config.optimizer_name, self._why),
                )

        state = trainer.state_dict()

        def save() -> str:
            try:
                self.checkpoints.save(state, steps)
            # Training can continue, and later checkpoints may succeed.
            except ResultsError as error:
                _log.warning("The run continues without a new checkpoint: %s", error)
                return f"no new checkpoint: {error}"
            trainer.callbacks.on_checkpoint(steps)
            if self._why is not None:
                return "a checkpoint is saved, but the optimizer cannot be resumed exactly"
            return "the checkpoint is saved, continue with resume"

        # All wait for the first process: torchrun kills it as soon as another one exits.
        said = trainer.processes.on_main(save)
        self.next = monotonic() + self.every
        if stop_for:
            raise RunInterruptedError(
                f"Stopped by {signal.Signals(stop_for).name} in epoch {trainer.epoch + 1} after "
                f"{trainer.step_in_epoch} of {trainer.steps_per_epoch} steps; {said}.",
                stop_for,
            )
