"""The errors of this package: each is one printable sentence that says what to do."""

from __future__ import annotations


def printable(text: str) -> str:
    """Returns a text with escapes in place of characters that are not printable.

    Names of files may hold anything, such as sequences that a terminal obeys.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


class _SentenceError(Exception):
    """An exception whose message is printable."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class DatasetNotFoundError(_SentenceError, FileNotFoundError):
    """The files of a data set are missing."""


class CorruptDatasetError(_SentenceError):
    """A file of a data set does not hold what it should."""


class DataRootError(_SentenceError, ValueError):
    """The data folder cannot be used: it is a file, or may not be read or written."""


class UnknownDatasetError(_SentenceError, ValueError):
    """There is no data set of that name."""


class FetchError(_SentenceError):
    """A file could not be fetched from any of its addresses."""


class CorruptFilesWarning(_SentenceError, UserWarning):  # noqa: N818 - it is a warning
    """Some files of a streamed data set cannot be read and are left out."""


def way_out(name: str) -> str:
    """Returns the end of an error about a corrupt file of a data set."""
    return f"delete it and run `deepobs data prepare {name}`."
