"""Loggers by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..common import UsageError, unknown
from ..results import Address, folder_on_disk
from ._base import Logger
from ._mlflow import MLflowLogger
from ._tensorboard import TensorBoardLogger
from ._wandb import WandbLogger

#: The loggers by the names of the extras that install what they need.
LOGGERS: Mapping[str, Callable[..., Logger]] = {
    "tensorboard": TensorBoardLogger,
    "wandb": WandbLogger,
    "mlflow": MLflowLogger,
}


def make_logger(name: str, results: Address | None, *, every: int | None = None) -> Logger:
    """Returns a logger that writes to `<results>/logs/<name>`.

    Args:
        name: One of `LOGGERS`.
        results: The results folder.
        every: Steps between two logged training losses; None logs none.

    Raises:
        UsageError: If the name is unknown, its package is not installed, or there is no results
            folder on a disk.
    """
    if name not in LOGGERS:
        raise unknown("logger", name, LOGGERS, f"there are {', '.join(LOGGERS)}.")
    if results is None:
        raise UsageError(f"The logger {name} needs a results folder.")
    folder = folder_on_disk(results, f"The logger {name}", "leave the logger out, or use a folder")
    return LOGGERS[name](folder / "logs" / name, every=every)
