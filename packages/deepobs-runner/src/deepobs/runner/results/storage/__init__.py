"""Where results are kept: one interface for folders on a disk and for object storage."""

from ._backends import folder_on_disk, open_storage
from ._local import LocalStorage
from ._storage import Address, Listed, LockedError, Storage

__all__ = [
    "Address",
    "Listed",
    "LocalStorage",
    "LockedError",
    "Storage",
    "folder_on_disk",
    "open_storage",
]
