"""Data sets of separate examples, and the examples and order of a pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._checks import (
    check_batches,
    check_no_validation,
    check_phase,
    count_batches,
    shard_bounds,
    validation_size,
)
from ._dataset import PHASES, Batch, Dataset, Phase
from ._examples import Examples
from ._seeds import permutation, uniforms
from ._transforms import Transform, as_transform
from ._trees import Tree


class Pass(NamedTuple):
    """The part of a pass over a phase that one process takes.

    Attributes:
        rows: The stored examples, in order, int64 `[examples]`; None for all as they are stored.
        draws: Their random numbers, float32 `[examples, k]`; None if there are none.
        sizes: The number of examples of each batch.
    """

    rows: Tensor | None
    draws: Tensor | None
    sizes: list[int]


class ExampleDataset(Dataset):
    """A data set of separate examples, stored as a training and a test part.

    Args:
        name: Its name.
        sizes: The numbers of examples stored for training and for testing.
        num_classes: The number of classes among the targets; None without classes.
        transform: The transform of the phases `valid` and `test`.
        train_transform: The transform of `train` and `train_eval`, by default the same.
    """

    def __init__(
        self,
        name: str,
        *,
        sizes: tuple[int, int],
        num_classes: int | None,
        transform: Transform,
        train_transform: Transform | None = None,
    ) -> None:
        self.name = name
        self.num_classes = num_classes
        self.transform = transform
        self.train_transform = train_transform or transform
        self._sizes = sizes
        self._train_rows: Tensor | None = None  # the stored examples for training; None for all
        self._valid_rows: Tensor | None = None  # the stored examples that are held out

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The available phases."""
        return PHASES if self._valid_rows is not None else ("train", "train_eval", "test")

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of examples of a phase."""
        check_phase(self, phase)
        if phase == "test":
            return self._sizes[1]
        if phase == "valid" and self._valid_rows is not None:
            return len(self._valid_rows)
        train = self._sizes[0] if self._train_rows is None else len(self._train_rows)
        return train if phase == "train" else min(train, self._sizes[1])

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of batches of one pass over a phase."""
        return count_batches(self, phase, self.num_examples(phase), batch_size)

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with a random part of the training set held out; see `Dataset`."""
        check_no_validation(self)
        size = validation_size(*self._sizes, fraction)
        order = permutation(self._sizes[0], seed, "validation")
        held_out = copy.copy(self)
        held_out._valid_rows = order[:size].sort().values
        held_out._train_rows = order[size:].sort().values
        return held_out

    def with_transform(
        self,
        transform: Transform | Callable[[Tree], Tree],
        *,
        train: Transform | Callable[[Tree], Tree] | None = None,
    ) -> Self:
        """Returns this data set with other transforms; see `Dataset.with_transform`."""
        changed = copy.copy(self)
        changed.transform = as_transform(transform)
        changed.train_transform = changed.transform if train is None else as_transform(train)
        return changed

    def examples(self, phase: Phase) -> Examples:
        """Returns the single examples of a phase, for `DataLoader`; see `Dataset.examples`."""
        return self._examples(phase, self._transform(phase).num_draws)

    def _examples(self, phase: Phase, num_draws: int) -> Examples:
        count, rows = self.num_examples(phase), self._stored_rows(phase)

        def fetch(numbers: Tensor) -> Batch:
            draws = torch.rand(len(numbers), num_draws) if num_draws else None
            stored = numbers if rows is None else rows[numbers]
            return self._fetch(phase, Pass(stored, draws, [len(numbers)]))

        return Examples(count, fetch)

    def _fetch(self, phase: Phase, taken: Pass) -> Batch:
        """Returns the one batch of a pass; subclasses say how."""
        raise NotImplementedError

    def _transform(self, phase: Phase) -> Transform:
        return self.train_transform if phase.startswith("train") else self.transform

    def _pass(
        self,
        phase: Phase,
        num_draws: int,
        *,
        batch_size: int,
        seed: int,
        epoch: int,
        start: int,
        shard: tuple[int, int],
    ) -> Pass:
        """Returns what this process takes of a pass; the arguments are those of `batches`."""
        examples, batches = self.num_examples(phase), self.num_batches(phase, batch_size)
        check_batches(batches, batch_size, start, epoch, shard)
        rows = self._rows(phase, seed, epoch)
        draws = None
        if num_draws:
            counter = epoch if phase == "train" else 0
            draws = uniforms(examples, num_draws, seed, f"augmentation/{phase}", counter)
        bounds = []
        for first in range(start * batch_size, batches * batch_size, batch_size):
            size = min(batch_size, examples - first)
            low, high = shard_bounds(size, shard)
            if low < high:
                bounds.append((first + low, first + high))
        sizes = [high - low for low, high in bounds]
        if sum(sizes) < examples:
            taken = _joined(bounds)
            rows = torch.arange(examples)[taken] if rows is None else rows[taken]
            draws = None if draws is None else draws[taken]
        return Pass(rows, draws, sizes)

    def _rows(self, phase: Phase, seed: int, epoch: int) -> Tensor | None:
        """Returns the stored examples that a pass goes through, in order; None for all of them."""
        rows = self._stored_rows(phase, seed)
        if phase != "train":
            return rows
        order = permutation(self.num_examples("train"), seed, "order", epoch)
        return order if rows is None else rows[order]

    def _stored_rows(self, phase: Phase, seed: int = 42) -> Tensor | None:
        """Returns the stored examples of a phase, in the order of storage; None for all of them."""
        check_phase(self, phase)
        if phase == "test":
            return None
        if phase == "valid":
            return self._valid_rows
        rows, count = self._train_rows, self.num_examples("train")
        wanted = self.num_examples(phase)
        if wanted == count:
            return rows
        chosen = permutation(count, seed, "train_eval")[:wanted].sort().values
        return chosen if rows is None else rows[chosen]


def _joined(bounds: list[tuple[int, int]]) -> Tensor | slice:
    """Returns an index of all examples within the bounds; a slice, without a copy, if it can be."""
    if not bounds:
        return slice(0)
    first, last = bounds[0][0], bounds[-1][1]
    if sum(high - low for low, high in bounds) == last - first:
        return slice(first, last)
    return torch.cat([torch.arange(low, high) for low, high in bounds])
