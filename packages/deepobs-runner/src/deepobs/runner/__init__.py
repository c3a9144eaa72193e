"""Train, sweep, tune, record, analyze and report optimizers on test problems."""

from typing import TYPE_CHECKING

from . import _namespace  # noqa: F401 - checks for DeepOBS 1.x
from .common import lazy_exports

if TYPE_CHECKING:
    from deepobs.problems import LAPTOP_SET as LAPTOP_SET

    from .benchmarks import benchmark as benchmark
    from .common import CheckpointError as CheckpointError
    from .common import OptimizerError as OptimizerError
    from .common import ResultsError as ResultsError
    from .common import RunInProgressError as RunInProgressError
    from .common import RunInterruptedError as RunInterruptedError
    from .common import UsageError as UsageError
    from .config import RunConfig as RunConfig
    from .leaderboards import leaderboard as leaderboard
    from .optimizers import OPTIMIZERS as OPTIMIZERS
    from .protocols import PROTOCOLS as PROTOCOLS
    from .report import write_report as write_report
    from .results import CorruptRecordError as CorruptRecordError
    from .results import Record as Record
    from .results import load_baselines as load_baselines
    from .results import load_records as load_records
    from .sweeps import sweep as sweep
    from .training import Callback as Callback
    from .training import Trainer as Trainer
    from .training import run as run
    from .tuning import tune as tune

# Name -> module. Imported when first asked for, so that the command's help needs no torch, and
# reading results needs none either.
_EXPORTS = {
    "Callback": ".training",
    "CheckpointError": ".common",
    "CorruptRecordError": ".results",
    "LAPTOP_SET": "deepobs.problems",
    "OPTIMIZERS": ".optimizers",
    "OptimizerError": ".common",
    "PROTOCOLS": ".protocols",
    "Record": ".results",
    "ResultsError": ".common",
    "RunConfig": ".config",
    "RunInProgressError": ".common",
    "RunInterruptedError": ".common",
    "Trainer": ".training",
    "UsageError": ".common",
    "benchmark": ".benchmarks",
    "leaderboard": ".leaderboards",
    "load_baselines": ".results",
    "load_records": ".results",
    "run": ".training",
    "sweep": ".sweeps",
    "tune": ".tuning",
    "write_report": ".report",
}

__all__ = list(_EXPORTS)

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
