"""Results: the record, its store, the readers of published files, the packaged baselines."""

from ._baselines import load_baselines
from ._index import (
    ReadResult,
    Unreadable,
    UnreadableRecordWarning,
    load_records,
    read_records,
)
from ._record import CorruptRecordError, Record, read_record

__all__ = [
    "CorruptRecordError",
    "ReadResult",
    "Record",
    "Unreadable",
    "UnreadableRecordWarning",
    "load_baselines",
    "load_records",
    "read_record",
    "read_records",
]
