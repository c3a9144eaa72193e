"""Sweeps: plans of many runs, and who executes them."""

from ._dry_run import Estimate, Group
from ._executor import Event, Executor, Job, Outcome, Progress
from ._grid import DEEPOBS_GRID
from ._local import LocalExecutor
from ._plan import read_plan
from ._progress import describe, duration
from ._ray import RayExecutor
from ._slurm import SlurmExecutor
from ._sweep import SweepResult, SweptRun, dry_run, sweep

__all__ = [
    "DEEPOBS_GRID",
    "Estimate",
    "Event",
    "Executor",
    "Group",
    "Job",
    "LocalExecutor",
    "Outcome",
    "Progress",
    "RayExecutor",
    "SlurmExecutor",
    "SweepResult",
    "SweptRun",
    "describe",
    "dry_run",
    "duration",
    "read_plan",
    "sweep",
]
