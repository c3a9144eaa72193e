"""Bundles: results in one file that others can check."""

from ._verify import Verification, verify
from ._write import BundleSummary, bundle

__all__ = ["BundleSummary", "Verification", "bundle", "verify"]
