"""The table of reference optimizers."""

from __future__ import annotations

from collections.abc import Mapping

from ._reference import ReferenceOptimizer
from ._reference_packages import FROM_PACKAGES
from ._reference_torch import FROM_TORCH

#: The reference optimizers by name.
OPTIMIZERS: Mapping[str, ReferenceOptimizer] = {
    entry.name: entry for entry in (*FROM_TORCH, *FROM_PACKAGES)
}
