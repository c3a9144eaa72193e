"""Training: the execution of one run."""

from ._callbacks import Callback
from ._checkpoint import Checkpoints
from ._distributed import Processes
from ._isolation import isolated
from ._measure import measure_step
from ._precision import arithmetic, autocast, choose_device
from ._progress import with_best
from ._run import build_problem, run
from ._signals import requeue_signal
from ._threads import own_threads
from ._trainer import Trainer, trainer_class

__all__ = [
    "Callback",
    "Checkpoints",
    "Processes",
    "Trainer",
    "arithmetic",
    "autocast",
    "build_problem",
    "choose_device",
    "isolated",
    "measure_step",
    "own_threads",
    "requeue_signal",
    "run",
    "trainer_class",
    "with_best",
]
