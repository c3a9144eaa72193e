"""The state that a recurrent model carries from batch to batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only


class CarriedState:
    """The state of a recurrent model between batches.

    A second call on the same batch, as in the closures of L-BFGS, starts from the same state as
    the first.

    Args:
        after: The state after the last batch; None for the start of a pass.
    """

    def __init__(self, after: Any = None) -> None:
        self.after = after
        self._batch: Any = None
        self._before: Any = None

    def before(self, inputs: Any) -> Any:
        """Returns the state before a batch with these inputs."""
        if self._batch is not inputs:
            self._batch, self._before = inputs, self.after
        return self._before

    def advance(self, state: Any) -> None:
        """Sets the state after the batch, cut off from its graph."""
        self.after = tree_map_only(Tensor, Tensor.detach, state)

    def to(self, device: torch.device) -> CarriedState:
        """Returns this state on a device."""
        return CarriedState(tree_map_only(Tensor, lambda tensor: tensor.to(device), self.after))
