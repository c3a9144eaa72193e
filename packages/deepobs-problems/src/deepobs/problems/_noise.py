"""The random stream of a problem, for dropout and sampling in its model."""

from __future__ import annotations

import torch
from torch import Tensor


class NoiseStream:
    """A random stream that replaces torch's global one within a `with` block.

    Dropout draws from the global generator of the device and takes no other one. Swapping the
    state of that generator keeps the numbers of a problem independent of other code that draws
    from it, and the other way round.

    Args:
        seed: Seed of the stream.
        device: The device whose global generator is swapped.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.state = torch.Generator(device).manual_seed(seed).get_state()
        self._outer: Tensor | None = None

    def __enter__(self) -> None:
        self._outer = _get_state(self.device)
        _set_state(self.state, self.device)

    def __exit__(self, *exception: object) -> None:
        self.state = _get_state(self.device)
        assert self._outer is not None
        _set_state(self._outer, self.device)


def _get_state(device: torch.device) -> Tensor:
    if device.type == "cpu":
        return torch.get_rng_state()
    if device.type == "mps":
        return torch.mps.get_rng_state()
    return torch.cuda.get_rng_state(device)


def _set_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cpu":
        torch.set_rng_state(state)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.cuda.set_rng_state(state, device)
