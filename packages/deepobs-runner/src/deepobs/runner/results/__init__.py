"""Results: the record, the store and the readers of all formats."""

from ._cleanup import CleanUp, clean
from ._record import PLURALS, CorruptRecordError, Record, read_record
from ._store import ResultsStore
from .reading import (
    ReadResult,
    Search,
    Unreadable,
    UnreadableRecordWarning,
    load_baselines,
    load_records,
    read_records,
)

__all__ = [
    "PLURALS",
    "CleanUp",
    "CorruptRecordError",
    "ReadResult",
    "Record",
    "ResultsStore",
    "Search",
    "Unreadable",
    "UnreadableRecordWarning",
    "clean",
    "load_baselines",
    "load_records",
    "read_record",
    "read_records",
]
