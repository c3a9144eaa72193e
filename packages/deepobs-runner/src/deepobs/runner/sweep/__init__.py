"""Sweeps: plans of many runs, and who executes them."""

from ._executor import Event, Executor, Job, Outcome, Progress
from ._grid import DEEPOBS_GRID
from ._local import LocalExecutor
from ._plan import read_plan
from ._ray import RayExecutor
from ._slurm import SlurmExecutor
from ._sweep import SweepResult, SweptRun, sweep

__all__ = [
    "DEEPOBS_GRID",
    "Event",
    "Executor",
    "Job",
    "LocalExecutor",
    "Outcome",
    "Progress",
    "RayExecutor",
    "SlurmExecutor",
    "SweepResult",
    "SweptRun",
    "read_plan",
    "sweep",
]
