"""Results: the record, the store and the readers of all formats."""

from ._cleanup import CleanUp, clean
from ._record import PLURALS, CorruptRecordError, Record, read_record
from ._sources import SOURCES, source_path
from ._store import ResultsStore
from .reading import (
    BUNDLE_FORMAT,
    MANIFEST,
    ReadResult,
    Search,
    Unreadable,
    UnreadableRecordWarning,
    extract,
    is_bundle,
    load_baselines,
    load_records,
    read_manifest,
    read_records,
    unpack,
)

__all__ = [
    "BUNDLE_FORMAT",
    "MANIFEST",
    "PLURALS",
    "SOURCES",
    "CleanUp",
    "CorruptRecordError",
    "ReadResult",
    "Record",
    "ResultsStore",
    "Search",
    "Unreadable",
    "UnreadableRecordWarning",
    "clean",
    "extract",
    "is_bundle",
    "load_baselines",
    "load_records",
    "read_manifest",
    "read_record",
    "read_records",
    "source_path",
    "unpack",
]
