"""Reading results: files of three formats, an index, the tidy frame, the published baselines."""

from ._baselines import load_baselines
from ._index import ReadResult, Unreadable, UnreadableRecordWarning, load_records, read_records
from ._searches import Search

__all__ = [
    "ReadResult",
    "Search",
    "Unreadable",
    "UnreadableRecordWarning",
    "load_baselines",
    "load_records",
    "read_records",
]
