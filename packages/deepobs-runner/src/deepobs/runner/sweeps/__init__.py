"""Sweeps: plans of many runs and their execution."""

from ._dry_run import Estimate, Group
from ._grid import DEEPOBS_GRID
from ._monitor import describe, duration
from ._plan import LeftOut, Plan, read_plan
from ._sweep import Execution, SweepResult, SweptRun, dry_run, sweep

__all__ = [
    "DEEPOBS_GRID",
    "Estimate",
    "Execution",
    "Group",
    "LeftOut",
    "Plan",
    "SweepResult",
    "SweptRun",
    "describe",
    "dry_run",
    "duration",
    "read_plan",
    "sweep",
]
