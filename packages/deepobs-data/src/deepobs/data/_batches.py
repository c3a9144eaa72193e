"""Data sets that fit in memory: there, a batch is a gather and one transform on the device."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._dataset import (
    PHASES,
    Batch,
    Dataset,
    Phase,
    check_batches,
    check_phase,
    count_batches,
    shard_bounds,
    validation_size,
)
from ._seeds import permutation, uniforms
from ._transforms import Transform

# Rows are gathered for several batches at once, which costs less than once a batch, up to so many
# bytes.
GATHERED_BYTES = 4 * 2**20


class Arrays(NamedTuple):
    """Examples as they are stored.

    Attributes:
        inputs: `[examples, …]`, images as uint8 `[examples, C, H, W]`.
        targets: Labels as any integers `[examples]`; None where there are none.
    """

    inputs: Tensor
    targets: Tensor | None = None


class ArrayDataset(Dataset):
    """A data set held in memory whole.

    Args:
        name: Its name.
        train: The training examples.
        test: The test examples.
        num_classes: How many classes the targets tell apart; None without targets.
        transform: What the phases `valid` and `test` see.
        train_transform: What `train` and `train_eval` see, by default the same.
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
        self.name = name
        self.num_classes = num_classes
        self.device = train.inputs.device
        self.transform = transform
        self.train_transform = train_transform or transform
        self._train, self._test = train, test
        self._train_rows: Tensor | None = (
            None  # which examples of _train are for training; None: all
        )
        self._valid_rows: Tensor | None = None  # which are held out

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that it has."""
        return PHASES if self._valid_rows is not None else ("train", "train_eval", "test")

    def num_examples(self, phase: Phase) -> int:
        """Returns how many examples the phase has."""
        check_phase(self, phase)
        if phase == "test":
            return len(self._test.inputs)
        if phase == "valid" and self._valid_rows is not None:
            return len(self._valid_rows)
        train = len(self._train.inputs if self._train_rows is None else self._train_rows)
        return train if phase == "train" else min(train, len(self._test.inputs))

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns how many batches one pass over the phase has."""
        return count_batches(self, phase, self.num_examples(phase), batch_size)

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
        count = self.num_batches(phase, batch_size)
        check_batches(count, batch_size, start, epoch, shard)
        training = phase in ("train", "train_eval")
        transform = self.train_transform if training else self.transform
        rows = self._rows(phase, seed, epoch)
        draws = None
        if transform.num_draws:
            stream, counter = f"augmentation/{phase}", epoch if phase == "train" else 0
            draws = uniforms(self.num_examples(phase), transform.num_draws, seed, stream, counter)
        taken, sizes = _positions(self.num_examples(phase), count, batch_size, start, shard)
        if taken is not None:
            rows = taken if rows is None else rows[taken]
            draws = None if draws is None else draws[taken]
        arrays = self._train if phase != "test" else self._test
        return _stream(
            arrays, transform, _moved(rows, self.device), _moved(draws, self.device), sizes
        )

    def _rows(self, phase: Phase, seed: int, epoch: int) -> Tensor | None:
        """Returns the stored examples that the phase goes through, in order; None: all of them."""
        if phase == "test":
            return None
        if phase == "valid":
            return self._valid_rows
        rows, count = self._train_rows, self.num_examples("train")
        if phase == "train":
            order = permutation(count, seed, "order", epoch)
            return order if rows is None else rows[order]
        wanted = self.num_examples("train_eval")
        if wanted == count:
            return rows
        chosen = permutation(count, seed, "train_eval")[:wanted].sort().values
        return chosen if rows is None else rows[chosen]

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._train = Arrays(*(_moved(t, device) for t in self._train))  # type: ignore[arg-type]
        moved._test = Arrays(*(_moved(t, device) for t in self._test))  # type: ignore[arg-type]
        moved.device = moved._train.inputs.device
        return moved

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with a random part of the training set held out; see `Dataset`."""
        if self._valid_rows is not None:
            raise ValueError(f"{self.name} has a validation split already.")
        size = validation_size(len(self._train.inputs), len(self._test.inputs), fraction)
        order = permutation(len(self._train.inputs), seed, "validation")
        split = copy.copy(self)
        split._valid_rows = order[:size].sort().values
        split._train_rows = order[size:].sort().values
        return split

    def __repr__(self) -> str:
        sizes = ", ".join(f"{phase}={self.num_examples(phase)}" for phase in self.phases)
        return f"{type(self).__name__}({self.name!r}, {sizes}, device={str(self.device)!r})"


def _moved(tensor: Tensor | None, device: torch.device | str) -> Tensor | None:
    return None if tensor is None else tensor.to(device)


def _positions(
    examples: int, count: int, batch_size: int, start: int, shard: tuple[int, int]
) -> tuple[Tensor | None, list[int]]:
    """Returns the positions in the pass that are taken here (None: all), and the batches' sizes."""
    bounds = []
    for batch in range(start, count):
        first, last = batch * batch_size, min((batch + 1) * batch_size, examples)
        low, high = shard_bounds(last - first, shard)
        if low < high:
            bounds.append((first + low, first + high))
    sizes = [high - low for low, high in bounds]
    if shard[1] == 1:
        whole = start == 0 and sum(sizes) == examples
        return (
            None if whole else torch.arange(start * batch_size, start * batch_size + sum(sizes))
        ), sizes
    return torch.cat([torch.arange(0), *(torch.arange(*bound) for bound in bounds)]), sizes


def _stream(
    arrays: Arrays,
    transform: Transform,
    rows: Tensor | None,
    draws: Tensor | None,
    sizes: list[int],
) -> Iterator[Batch]:
    """Yields the batches: gathers the targets at once, the inputs for a few batches at once."""
    inputs, targets = arrays
    if targets is not None:
        targets = (targets if rows is None else targets.index_select(0, rows)).to(
            torch.int64, copy=True
        )
    bytes_a_batch = max(sizes, default=1) * inputs[:1].numel() * inputs.element_size()
    group = max(1, GATHERED_BYTES // bytes_a_batch)
    position = 0
    for first in range(0, len(sizes), group):
        parts = sizes[first : first + group]
        end = position + sum(parts)
        block = inputs[position:end] if rows is None else inputs.index_select(0, rows[position:end])
        labels = (
            [None] * len(parts) if targets is None else torch.split(targets[position:end], parts)
        )
        random = [None] * len(parts) if draws is None else torch.split(draws[position:end], parts)
        for stored, label, draw in zip(torch.split(block, parts), labels, random, strict=True):
            yield Batch(transform(stored, draw), label)
        position = end
