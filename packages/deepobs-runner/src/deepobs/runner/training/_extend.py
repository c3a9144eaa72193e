"""Extension of a shorter run of the same configuration."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..common import CheckpointError, ResultsError, UsageError
from ..config import RunConfig
from ..results import ResultsStore
from ..schedules import depends_on_length
from ._checkpoint import Checkpoints
from ._trainer import Trainer

_log = logging.getLogger(__name__)


def kept_checkpoints(store: ResultsStore, run_id: str) -> Checkpoints:
    """Returns the path at which the final state of a finished run is kept."""
    return Checkpoints(store.storage.at(f".kept/{run_id}"), run_id)


def take_up_shorter_run(trainer: Trainer, store: ResultsStore) -> dict[str, Any] | None:
    """Restores the state of a run with fewer epochs and otherwise the same settings.

    Uses the longest such run with a checkpoint, interrupted or finished. Training then continues
    exactly as a run of the full length would. If there is a shorter run that cannot be extended, a
    warning says why, and training starts from the beginning.

    Returns:
        The restored state; None if training starts from the beginning.
    """
    config = trainer.config
    finished: RunConfig | None = None
    for shorter in _shorter(config):
        places = (
            Checkpoints(store.work(shorter.run_id), shorter.run_id),
            kept_checkpoints(store, shorter.run_id),
        )
        for checkpoints in places:
            if not checkpoints.exist():
                continue
            schedule = config.schedule_mapping
            if depends_on_length(schedule):
                _say_why_not(
                    config,
                    shorter,
                    f"its schedule {schedule['name']} depends on the number of epochs",
                )
                return None
            try:
                return checkpoints.load(trainer.load_state_dict)
            except CheckpointError as error:
                _log.warning("%s", error)
        if finished is None and store.find(shorter) is not None:
            finished = shorter
    if finished is not None:
        why = "it kept no checkpoint (keep_checkpoint, --keep-checkpoint)"
        _say_why_not(config, finished, why)
    return None


def _shorter(config: RunConfig) -> Iterator[RunConfig]:
    """Returns the same run with fewer epochs, the longest first."""
    for epochs in range(config.epochs - 1, 0, -1):
        try:
            yield replace(config, epochs=epochs)
        except UsageError:  # for example with a longer warm-up
            continue


def _say_why_not(config: RunConfig, shorter: RunConfig, why: str) -> None:
    _log.warning(
        "The run of %d epochs cannot be extended to %d, because %s; training starts from the "
        "beginning.",
        *(shorter.epochs, config.epochs, why),
    )


def keep_final_state(trainer: Trainer, store: ResultsStore) -> None:
    """Keeps the state of a finished run, from which it can be extended.

    The record exists already, so a failure is only a warning.

    Args:
        trainer: The trainer of the run.
        store: The folder of the results.
    """
    state = trainer.state_dict()  # a collective call
    kept = kept_checkpoints(store, trainer.config.run_id)
    steps = trainer.epoch * trainer.steps_per_epoch

    def save() -> None:
        try:
            kept.save(state, steps)
        except ResultsError as error:
            _log.warning("The run is finished, but cannot be extended: %s", error)

    trainer.processes.on_main(save)
