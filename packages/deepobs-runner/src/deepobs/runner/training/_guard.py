"""Between two steps: shows progress, saves checkpoints when due, stops when told to."""

from __future__ import annotations

import logging
import signal
from time import monotonic

from ..common import ResultsError, RunInterruptedError
from ._checkpoint import Checkpoints
from ._progress import Progress
from ._signals import StopSignals
from ._trainer import LOG_INTERVAL, Trainer

_log = logging.getLogger(__name__)

DEFAULT_SECONDS = 300.0
# Several processes agree on saving and stopping; asking each other at every step would cost.
_STEPS_BETWEEN_AGREEMENTS = 20


class Guard:
    """Called by the trainer whenever its state is consistent.

    Args:
        checkpoints: Where to save; None for runs without a results folder, which just go on.
        signals: Which signal came.
        every: Seconds between two checkpoints; 0 saves at every step.
        progress: What a person sees.
    """

    def __init__(
        self,
        checkpoints: Checkpoints | None,
        signals: StopSignals,
        every: float,
        progress: Progress,
    ) -> None:
        self.checkpoints = checkpoints
        self.signals = signals
        self.every = every
        self.progress = progress
        self.next = monotonic() + every

    def __call__(self, trainer: Trainer) -> None:
        """Does what is due.

        Raises:
            RunInterruptedError: A signal came; it says whether the checkpoint is saved.
        """
        if trainer.step_in_epoch % LOG_INTERVAL == 0:
            self.progress.at(trainer.epoch, trainer.step_in_epoch)
        if self.checkpoints is None:
            return
        wish = 1 + self.signals.received if self.signals.received else monotonic() >= self.next
        if trainer.processes.world_size > 1:
            if trainer.step_in_epoch % _STEPS_BETWEEN_AGREEMENTS:
                return
            wish = trainer.processes.largest(int(wish), trainer.built.device)
        if wish:
            self._save(trainer, self.checkpoints, stop_for=wish - 1)

    def _save(self, trainer: Trainer, checkpoints: Checkpoints, *, stop_for: int) -> None:
        state = trainer.state_dict()
        steps = trainer.epoch * trainer.steps_per_epoch + trainer.step_in_epoch

        def save() -> str:
            try:
                checkpoints.save(state, steps)
            except ResultsError as error:  # training can go on, and the disk may have room later
                _log.warning("The run goes on without a new checkpoint: %s", error)
                return f"no new checkpoint: {error}"
            return "the checkpoint is saved, go on with resume"

        # All wait for the first process: torchrun ends it, saving or not, once another has exited.
        said = trainer.processes.on_main(save)
        self.next = monotonic() + self.every
        if stop_for:
            raise RunInterruptedError(
                f"Stopped by {signal.Signals(stop_for).name} in epoch {trainer.epoch + 1} after "
                f"{trainer.step_in_epoch} of {trainer.steps_per_epoch} steps; {said}.",
                stop_for,
            )
