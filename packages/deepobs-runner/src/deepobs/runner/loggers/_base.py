"""The base class of the loggers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..common import UsageError, whole
from ..config import RunConfig
from ..training import Callback

if TYPE_CHECKING:
    from ..training import Trainer


class Logger(Callback):
    """A callback that logs metrics of every evaluation and, optionally, the training loss.

    Args:
        every: Steps between two logged training losses; None logs none. Reading a loss makes the
            host wait for the device.
    """

    def __init__(self, every: int | None = None) -> None:
        self.every = None if every is None else whole("every", every, least=1)

    @property
    def follows_steps(self) -> bool:
        """Whether training losses are logged."""
        return self.every is not None

    def on_step_end(self, trainer: Trainer) -> None:
        """Logs the training loss every `every` steps."""
        step = trainer.epoch * trainer.steps_per_epoch + trainer.step_in_epoch
        if self.every is not None and step % self.every == 0:
            self.log_step(step, float(trainer.losses[trainer.step_in_epoch - 1]))

    def log_step(self, step: int, loss: float) -> None:
        """Logs the training loss of a step; subclasses override it.

        Args:
            step: Number of the step, counted from 1.
            loss: The training loss.
        """
        raise NotImplementedError


def needed(module: str, extra: str) -> Any:
    """Imports the package of an extra.

    Raises:
        UsageError: If it is not installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"The logger {extra} needs a package that is not installed ({error.name}); "
            f'install it with: pip install "deepobs-runner[{extra}]"'
        ) from error


def run_name(config: RunConfig) -> str:
    """Returns a readable and unique name of a run."""
    return f"{config.problem_name}-{config.optimizer_name}-{config.seed}-{config.run_id}"
