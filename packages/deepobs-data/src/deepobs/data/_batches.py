"""Data sets held in memory: a batch is a gather and one transform on the device."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._dataset import Batch, Facts, Phase
from ._passes import ExampleDataset, Pass
from ._transforms import OF_SINGLE_VALUES, Transform
from ._trees import Tree, as_targets, map_tensors, num_rows, split, take, tensors

# Rows are gathered for several batches at once, which costs less than once a batch, up to this
# many bytes: more would not stay in the processor's cache.
GATHERED_BYTES = 2 * 2**20
# They are also transformed at once, by a transform of single values, up to this many bytes stored:
# a fourth of the bytes that the floats take, which should not leave the cache either.
TRANSFORMED_BYTES = 2**17


class Arrays(NamedTuple):
    """Examples as they are stored: tensors, or nested structures of tensors (see `Batch`).

    All tensors have the examples on their first axis.

    Attributes:
        inputs: `[examples, ...]`, images as uint8 `[examples, C, H, W]`.
        targets: Labels as any integers `[examples]`, or values; None if there are none.
    """

    inputs: Tree
    targets: Tree = None

    def to(self, device: torch.device | str) -> Arrays:
        """Returns the arrays on a device."""
        return self.map(lambda tensor: tensor.to(device))

    def take(self, rows: Tensor) -> Arrays:
        """Returns the chosen examples, in order; `rows` is int64 `[n]`."""
        return Arrays(take(self.inputs, rows), take(self.targets, rows))

    def map(self, function: Callable[[Tensor], Tensor]) -> Arrays:
        """Returns arrays of the same structure with `function` applied to each tensor."""
        return Arrays(map_tensors(function, self.inputs), map_tensors(function, self.targets))


class ArrayDataset(ExampleDataset):
    """A data set that is held in memory.

    Args:
        name: Its name.
        train: The training examples.
        test: The test examples.
        num_classes: The number of classes among the targets; None without classes.
        transform: The transform of the phases `valid` and `test`.
        train_transform: The transform of `train` and `train_eval`, by default the same.
        facts: Facts that a model may need; by default the numbers of classes and features.

    Raises:
        ValueError: If the numbers of inputs and targets differ.

    Example:
        >>> from deepobs.data import Scale
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
        facts: Facts | None = None,
    ) -> None:
        super().__init__(
            name,
            sizes=(_count(train), _count(test)),
            num_classes=num_classes,
            transform=transform,
            train_transform=train_transform,
        )
        self.device = tensors(train.inputs)[0].device
        self._train, self._test = train, test
        self._facts = facts or _facts(train.inputs, num_classes)

    @property
    def facts(self) -> Facts:
        """Facts about the data that a model may need."""
        return self._facts

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
        taken = self._pass(
            phase,
            self._transform(phase).num_draws,
            batch_size=batch_size,
            seed=seed,
            epoch=epoch,
            start=start,
            shard=shard,
        )
        return self._stream(phase, taken)

    def _stream(self, phase: Phase, taken: Pass) -> Iterator[Batch]:
        """Yields the batches: gathers all targets at once, the inputs for a few batches at once."""
        inputs, targets = self._stored(phase)
        transform = self._transform(phase)
        rows = None if taken.rows is None else taken.rows.to(self.device)
        draws = None if taken.draws is None else taken.draws.to(self.device)
        if targets is not None:
            targets = as_targets(targets if rows is None else take(targets, rows))
        bytes_per_row = sum(tensor[:1].nbytes for tensor in tensors(inputs))
        bytes_per_batch = max(1, max(taken.sizes, default=1) * bytes_per_row)
        at_once = type(transform) in OF_SINGLE_VALUES and bytes_per_batch <= TRANSFORMED_BYTES
        group = max(1, (TRANSFORMED_BYTES if at_once else GATHERED_BYTES) // bytes_per_batch)
        end = 0
        for first in range(0, len(taken.sizes), group):
            sizes = taken.sizes[first : first + group]
            begin, end = end, end + sum(sizes)
            here = slice(begin, end)
            block = take(inputs, here if rows is None else rows[here])
            targets_here = split(None if targets is None else take(targets, here), sizes)
            if at_once:
                yield from map(Batch, split(transform(block, None), sizes), targets_here)
                continue
            draws_here = split(None if draws is None else draws[here], sizes)
            for stored, target, draw in zip(
                split(block, sizes), targets_here, draws_here, strict=True
            ):
                yield Batch(transform(stored, draw), target)

    def _fetch(self, phase: Phase, taken: Pass) -> Batch:
        return next(self._stream(phase, taken))

    def _stored(self, phase: Phase) -> Arrays:
        return self._test if phase == "test" else self._train

    def arrays(self, phase: Phase) -> Arrays:
        """Returns all examples of a phase as they are stored; see `Dataset.arrays`."""
        rows = self._stored_rows(phase)
        stored = self._stored(phase)
        return stored if rows is None else stored.take(rows.to(self.device))

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._train, moved._test = self._train.to(device), self._test.to(device)
        moved.device = tensors(moved._train.inputs)[0].device
        return moved


def _count(arrays: Arrays) -> int:
    """Returns the number of examples."""
    inputs, targets = arrays
    return num_rows(inputs if targets is None else (inputs, targets))


def _facts(inputs: Tree, num_classes: int | None) -> Facts:
    features = math.prod(inputs.shape[1:]) if isinstance(inputs, Tensor) else None
    return Facts(num_classes=num_classes, num_features=features)
