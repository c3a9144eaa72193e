"""Bundles: results in one file that others can check."""

from ._content import Content, SearchFile, read_content
from ._verify import Verification, verify
from ._write import BundleSummary, bundle

__all__ = [
    "BundleSummary",
    "Content",
    "SearchFile",
    "Verification",
    "bundle",
    "read_content",
    "verify",
]
