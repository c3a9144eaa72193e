"""The errors of this package: each is one printable sentence that says what to do."""

from __future__ import annotations


def printable(text: str) -> str:
    """Returns a text with escapes in place of characters that are not printable.

    Names of files may contain anything, such as terminal control sequences.
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
    """Raised if the files of a data set are missing."""


class CorruptDatasetError(_SentenceError):
    """Raised if a file of a data set has unexpected content."""


class DataRootError(_SentenceError, ValueError):
    """Raised if the data folder is a file, or cannot be read or written."""


class UnknownDatasetError(_SentenceError, ValueError):
    """Raised if there is no data set of that name."""


class FetchError(_SentenceError):
    """Raised if a file could not be downloaded from any of its addresses."""


class CorruptFilesWarning(_SentenceError, UserWarning):  # noqa: N818 - it is a warning
    """Warns that files of a streamed data set cannot be read and are left out."""


def way_out(name: str) -> str:
    """Returns the end of an error about a corrupt file of a data set."""
    return f"delete it and run `deepobs data prepare {name}`."
