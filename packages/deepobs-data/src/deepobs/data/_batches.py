"""Data sets that fit in memory: there, a batch is a gather and one transform on the device."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._dataset import Batch, Phase
from ._passes import ExampleDataset, Pass
from ._transforms import Transform

# Rows are gathered for several batches at once, which costs less than once a batch, up to so many
# bytes: more would not stay in the processor's cache.
GATHERED_BYTES = 2 * 2**20


class Arrays(NamedTuple):
    """Examples as they are stored.

    Attributes:
        inputs: `[examples, …]`, images as uint8 `[examples, C, H, W]`.
        targets: Labels as any integers `[examples]`; None where there are none.
    """

    inputs: Tensor
    targets: Tensor | None = None

    def to(self, device: torch.device | str) -> Arrays:
        """Returns the arrays on a device."""
        targets = None if self.targets is None else self.targets.to(device)
        return Arrays(self.inputs.to(device), targets)


class ArrayDataset(ExampleDataset):
    """A data set held in memory whole.

    Args:
        name: Its name.
        train: The training examples.
        test: The test examples.
        num_classes: How many classes the targets tell apart; None without targets.
        transform: What the phases `valid` and `test` see.
        train_transform: What `train` and `train_eval` see, by default the same.

    Example:
        >>> data = ArrayDataset(
        ...     "noise",
        ...     train=Arrays(torch.randint(256, (600, 1, 8, 8), dtype=torch.uint8)),
        ...     test=Arrays(torch.randint(256, (100, 1, 8, 8), dtype=torch.uint8)),
        ...     num_classes=None,
        ...     transform=Scale(255),
        ... )
        >>> next(data.batches("train", batch_size=32)).inputs.shape
        torch.Size([32, 1, 8, 8])
    """

    def __init__(
        self,
        name: str,
        *,
        train: Arrays,
        test: Arrays,
        num_classes: int | None,
        transform: Transform,
        train_transform: Transform | None = None,
    ) -> None:
        sizes = (len(train.inputs), len(test.inputs))
        super().__init__(name, sizes=sizes, num_classes=num_classes)
        self.device = train.inputs.device
        self.transform = transform
        self.train_transform = train_transform or transform
        self._train, self._test = train, test

    def batches(
        self,
        phase: Phase,
        *,
        batch_size: int,
        seed: int = 42,
        epoch: int = 0,
        start: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """Iterates over the batches of one pass over a phase; see `Dataset.batches`."""
        transform = self.train_transform if phase.startswith("train") else self.transform
        taken = self._pass(
            phase,
            transform.num_draws,
            batch_size=batch_size,
            seed=seed,
            epoch=epoch,
            start=start,
            shard=shard,
        )
        return self._stream(self._test if phase == "test" else self._train, taken, transform)

    def _stream(self, arrays: Arrays, taken: Pass, transform: Transform) -> Iterator[Batch]:
        """Yields the batches: gathers all targets at once, the inputs for a few batches at once."""
        inputs, targets = arrays
        rows = None if taken.rows is None else taken.rows.to(self.device)
        draws = None if taken.draws is None else taken.draws.to(self.device)
        if targets is not None:
            targets = targets if rows is None else targets.index_select(0, rows)
            targets = targets.to(torch.int64, copy=True)
        bytes_a_batch = max(taken.sizes, default=1) * inputs[:1].nbytes
        group = max(1, GATHERED_BYTES // max(1, bytes_a_batch))
        end = 0
        for first in range(0, len(taken.sizes), group):
            sizes = taken.sizes[first : first + group]
            begin, end = end, end + sum(sizes)
            here = slice(begin, end)
            block = inputs[here] if rows is None else inputs.index_select(0, rows[here])
            for stored, label, draw in zip(
                torch.split(block, sizes),
                _split(targets, here, sizes),
                _split(draws, here, sizes),
                strict=True,
            ):
                yield Batch(transform(stored, draw), label)

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._train, moved._test = self._train.to(device), self._test.to(device)
        moved.device = moved._train.inputs.device
        return moved


def _split(tensor: Tensor | None, here: slice, sizes: list[int]) -> tuple[Tensor, ...] | list[None]:
    """Returns a part of a tensor in pieces of these sizes, or as many times None."""
    return [None] * len(sizes) if tensor is None else torch.split(tensor[here], sizes)
