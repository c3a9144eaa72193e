"""Random numbers as pure functions of (seed, stream, counters)."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor


def derive_seed(seed: int, stream: str, *counters: int) -> int:
    """Derives the seed of one random stream from the seed of a run.

    Streams with different names or counters are independent. For example, the order of epoch 3 does
    not depend on earlier augmentation.

    Args:
        seed: The seed of the run, 0 or more.
        stream: The purpose of the numbers, such as `"order"`.
        *counters: Nonnegative numbers that distinguish streams of the same purpose, such as the
            epoch.

    Returns:
        A seed for `torch.Generator.manual_seed`, at least 0 and less than 2**63.
    """
    key = (zlib.crc32(stream.encode()), *counters)
    high, low = np.random.SeedSequence(seed, spawn_key=key).generate_state(2).tolist()
    return int((high << 32 | low) & (2**63 - 1))


def generator(seed: int, stream: str, *counters: int) -> torch.Generator:
    """Returns a generator on the CPU, so that its numbers do not depend on the device."""
    return torch.Generator().manual_seed(derive_seed(seed, stream, *counters))


def permutation(n: int, seed: int, stream: str, *counters: int) -> Tensor:
    """Returns a random order of 0 to n - 1, int64 `[n]` on the CPU."""
    return torch.randperm(n, generator=generator(seed, stream, *counters))


def uniforms(n: int, k: int, seed: int, stream: str, *counters: int) -> Tensor:
    """Returns k numbers from [0, 1) for each of n examples, float32 `[n, k]` on the CPU."""
    return torch.rand(n, k, generator=generator(seed, stream, *counters))
