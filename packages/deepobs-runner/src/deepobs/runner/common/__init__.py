"""What every other folder stands on: errors, checks of values, files written atomically."""

from ._checks import is_number, number, whole
from ._errors import (
    CheckpointError,
    OptimizerError,
    ResultsError,
    RunInProgressError,
    RunInterruptedError,
    UsageError,
    explain,
    import_users,
    unknown,
)
from ._files import write_atomically

__all__ = [
    "CheckpointError",
    "OptimizerError",
    "ResultsError",
    "RunInProgressError",
    "RunInterruptedError",
    "UsageError",
    "explain",
    "import_users",
    "is_number",
    "number",
    "unknown",
    "whole",
    "write_atomically",
]
