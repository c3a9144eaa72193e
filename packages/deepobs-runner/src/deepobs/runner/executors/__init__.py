"""Executors for sweeps and searches: worker processes, Ray and SLURM."""

from ._base import Event, Executor, Job, JobProgress, Outcome
from ._in_process import InProcessExecutor
from ._local import LocalExecutor, available_cores
from ._make import default_workers, make_executor
from ._ray import RayExecutor
from ._slurm import SlurmExecutor
from ._worker import PrunedError

__all__ = [
    "Event",
    "Executor",
    "InProcessExecutor",
    "Job",
    "JobProgress",
    "LocalExecutor",
    "Outcome",
    "PrunedError",
    "RayExecutor",
    "SlurmExecutor",
    "available_cores",
    "default_workers",
    "make_executor",
]
