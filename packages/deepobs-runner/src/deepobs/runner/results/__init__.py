"""Results: the record, the store and the readers of all formats."""

from typing import TYPE_CHECKING

from ..common import lazy_exports
from ._cleanup import CleanUp, clean
from ._record import PLURALS, CorruptRecordError, Record, read_record
from ._search_file import SEARCH_FORMAT, SEARCH_PREFIX, parse_search, read_search
from ._sources import SOURCES, source_path
from ._store import BEST_MODEL, ResultsStore
from .storage import Address, Storage, folder_on_disk, open_storage

if TYPE_CHECKING:
    from .reading import (
        BUNDLE_FORMAT,
        GIVEN_SPACE,
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
    "BEST_MODEL",
    "BUNDLE_FORMAT",
    "GIVEN_SPACE",
    "MANIFEST",
    "PLURALS",
    "SEARCH_FORMAT",
    "SEARCH_PREFIX",
    "SOURCES",
    "Address",
    "CleanUp",
    "CorruptRecordError",
    "ReadResult",
    "Record",
    "ResultsStore",
    "Search",
    "Storage",
    "Unreadable",
    "UnreadableRecordWarning",
    "clean",
    "extract",
    "folder_on_disk",
    "is_bundle",
    "load_baselines",
    "load_records",
    "open_storage",
    "parse_search",
    "read_manifest",
    "read_record",
    "read_records",
    "read_search",
    "source_path",
    "unpack",
]

# What reads results brings pandas and pyarrow, which a run does without.
_READING = {name: ".reading" for name in __all__ if name not in globals()}
__getattr__, __dir__ = lazy_exports(__name__, _READING)
