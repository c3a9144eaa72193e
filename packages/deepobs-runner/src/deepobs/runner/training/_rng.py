"""The global random generators, which some optimizers use."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from deepobs.data import derive_seed


@contextmanager
def own_random_state(seed: int) -> Iterator[None]:
    """Seeds Python's, numpy's and torch's global generators for a run; restores them afterwards.

    Problems have their own generators; this makes optimizers that draw noise reproducible.

    Args:
        seed: The run's seed.
    """
    outer = random_state()
    start = derive_seed(seed, "optimizer")
    random.seed(start)
    np.random.seed(start % 2**32)
    torch.default_generator.manual_seed(start)
    if _cuda_in_use():
        torch.cuda.manual_seed_all(start)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(start)
    try:
        yield
    finally:
        set_random_state(outer)


def random_state() -> dict[str, Any]:
    """Returns the state of the global generators, as tensors and plain numbers."""
    algorithm, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (algorithm, np.asarray(keys).tolist(), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if _cuda_in_use() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
    }


def _cuda_in_use() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def set_random_state(state: dict[str, Any]) -> None:
    """Restores the state of the global generators that `random_state` returned."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    # A checkpoint may come from a machine with other devices.
    for device, of_device in zip(range(torch.cuda.device_count()), state["cuda"], strict=False):
        torch.cuda.set_rng_state(of_device, device)
    if state.get("mps") is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
