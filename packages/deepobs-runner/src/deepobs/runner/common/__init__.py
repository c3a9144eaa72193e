"""Shared basics: errors, checks of values, atomic writes."""

from ._checks import canonical, check_nesting, is_number, number, scalar, whole
from ._errors import (
    CheckpointError,
    InfeasibleError,
    OptimizerError,
    ResultsError,
    RunInProgressError,
    RunInterruptedError,
    UsageError,
    advice,
    brief,
    explain,
    import_users,
    printable,
    unknown,
)
from ._files import is_address, read_file, set_aside, write_atomically
from ._former import name_today
from ._lazy import lazy_exports
from ._process import PROCESS_STATE
from ._words import read_value

__all__ = [
    "PROCESS_STATE",
    "CheckpointError",
    "InfeasibleError",
    "OptimizerError",
    "ResultsError",
    "RunInProgressError",
    "RunInterruptedError",
    "UsageError",
    "advice",
    "brief",
    "canonical",
    "check_nesting",
    "explain",
    "import_users",
    "is_address",
    "is_number",
    "lazy_exports",
    "name_today",
    "number",
    "printable",
    "read_file",
    "read_value",
    "scalar",
    "set_aside",
    "unknown",
    "whole",
    "write_atomically",
]
