"""Optimizers: found, checked and built."""

from ._build import load_optimizer_state, make_optimizer, state_bytes
from ._check import check_hyperparameters, needs_closure
from ._find import find_optimizer, optimizer_path

__all__ = [
    "check_hyperparameters",
    "find_optimizer",
    "load_optimizer_state",
    "make_optimizer",
    "needs_closure",
    "optimizer_path",
    "state_bytes",
]
