"""Reading results: files of three formats, an index, the tidy frame, the published baselines."""

from ._baselines import load_baselines
from ._bundle import BUNDLE_FORMAT, MANIFEST, extract, is_bundle, read_manifest, unpack
from ._index import ReadResult, Unreadable, UnreadableRecordWarning, load_records, read_records
from ._searches import GIVEN_SPACE, Search

__all__ = [
    "BUNDLE_FORMAT",
    "GIVEN_SPACE",
    "MANIFEST",
    "ReadResult",
    "Search",
    "Unreadable",
    "UnreadableRecordWarning",
    "extract",
    "is_bundle",
    "load_baselines",
    "load_records",
    "read_manifest",
    "read_records",
    "unpack",
]
