"""Batched preprocessing on the device: a batch of compact integers becomes a batch of floats."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Transform(Protocol):
    """Turns a batch as it is stored into a batch as the model sees it.

    Attributes:
        num_draws: How many random numbers an example needs.
    """

    @property
    def num_draws(self) -> int: ...

    def __call__(self, inputs: Tensor, draws: Tensor | None) -> Tensor:
        """Transforms a batch.

        Args:
            inputs: `[N, …]` as stored, such as uint8 `[N, C, H, W]`.
            draws: Uniform numbers of [0, 1), float32 `[N, num_draws]`; None if `num_draws` is 0.

        Returns:
            float32 `[N, …]`, a tensor of its own.
        """
        ...


class Copy:
    """Leaves the numbers as they are."""

    num_draws = 0

    def __call__(self, inputs: Tensor, draws: Tensor | None = None) -> Tensor:
        """Returns a copy, so that nobody changes what is stored."""
        del draws
        return inputs.clone()


class Scale:
    """Divides by a constant: pixels of 0 … 255 become numbers of 0 … 1.

    Args:
        divisor: The largest value, 255 for bytes.
    """

    num_draws = 0

    def __init__(self, divisor: float = 255.0) -> None:
        self.divisor = divisor

    def __call__(self, inputs: Tensor, draws: Tensor | None = None) -> Tensor:
        """Returns inputs / divisor, float32."""
        del draws
        return inputs.to(torch.float32).div_(self.divisor)
