"""Train, sweep, tune, record, analyse and report optimizers on test problems."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._callbacks import Callback as Callback
    from ._config import RunConfig as RunConfig
    from ._errors import CheckpointError as CheckpointError
    from ._errors import OptimizerError as OptimizerError
    from ._errors import ResultsError as ResultsError
    from ._errors import RunInProgressError as RunInProgressError
    from ._errors import RunInterruptedError as RunInterruptedError
    from ._errors import UsageError as UsageError
    from ._run import run as run
    from ._run import run_config as run_config
    from .report import write_report as write_report
    from .results import CorruptRecordError as CorruptRecordError
    from .results import Record as Record
    from .results import load_baselines as load_baselines
    from .results import load_records as load_records
    from .sweeps import sweep as sweep
    from .tuning import tune as tune

# Name -> module. Imported when first asked for, so that the command's help needs no torch, and
# reading results needs none either.
_EXPORTS = {
    "Callback": "._callbacks",
    "CheckpointError": "._errors",
    "CorruptRecordError": ".results",
    "OptimizerError": "._errors",
    "Record": ".results",
    "ResultsError": "._errors",
    "RunConfig": "._config",
    "RunInProgressError": "._errors",
    "RunInterruptedError": "._errors",
    "UsageError": "._errors",
    "load_baselines": ".results",
    "load_records": ".results",
    "run": "._run",
    "run_config": "._run",
    "sweep": ".sweeps",
    "tune": ".tuning",
    "write_report": ".report",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> object:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name], __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS])
