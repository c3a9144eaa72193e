"""Sweeps: plans of many runs and their execution."""

from ._dry_run import Estimate, Group, estimate
from ._execution import Execution
from ._grid import DEEPOBS_GRID
from ._monitor import LiveTable, Monitor, describe, duration, make_monitor
from ._plan import LeftOut, Plan, read_plan
from ._rounds import Round, Rounds
from ._sweep import dry_run, sweep
from ._swept import SweepResult, SweptRun

__all__ = [
    "DEEPOBS_GRID",
    "Estimate",
    "Execution",
    "Group",
    "LeftOut",
    "LiveTable",
    "Monitor",
    "Plan",
    "Round",
    "Rounds",
    "SweepResult",
    "SweptRun",
    "describe",
    "dry_run",
    "duration",
    "estimate",
    "make_monitor",
    "read_plan",
    "sweep",
]
