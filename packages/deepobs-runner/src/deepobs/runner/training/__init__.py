"""Training: one run, from its configuration to its record."""

from ._callbacks import Callback, Callbacks
from ._checkpoint import Checkpoints
from ._distributed import Processes
from ._isolation import isolated
from ._precision import arithmetic, autocast, choose_device
from ._progress import make_progress
from ._run import build_problem, run, run_config
from ._signals import requeue_signal
from ._trainer import Trainer

__all__ = [
    "Callback",
    "Callbacks",
    "Checkpoints",
    "Processes",
    "Trainer",
    "arithmetic",
    "autocast",
    "build_problem",
    "choose_device",
    "isolated",
    "make_progress",
    "requeue_signal",
    "run",
    "run_config",
]
