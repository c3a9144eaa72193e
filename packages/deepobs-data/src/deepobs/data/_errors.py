"""What can go wrong with data: each error is one sentence that ends with the way out."""

from __future__ import annotations


class DatasetNotFoundError(FileNotFoundError):
    """The files of a data set are not where they are looked for."""


class CorruptDatasetError(Exception):
    """A file of a data set is there but does not hold what it should."""


class DataRootError(ValueError):
    """The data folder cannot be used: it is a file, or may not be read or written."""


class UnknownDatasetError(ValueError):
    """There is no data set of that name."""


class FetchError(Exception):
    """A file could not be fetched from any of its addresses."""


class CorruptFilesWarning(UserWarning):
    """Some files of a streamed data set cannot be read and are left out."""


def way_out(name: str) -> str:
    """Returns how an error about a corrupt file of a data set ends."""
    return f"delete it and run `deepobs data prepare {name}`."
