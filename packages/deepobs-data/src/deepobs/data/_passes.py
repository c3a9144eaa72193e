"""What data sets of separate examples share: which examples a pass goes through, in which order."""

from __future__ import annotations

import copy
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._dataset import (
    PHASES,
    Dataset,
    Phase,
    check_batches,
    check_phase,
    count_batches,
    shard_bounds,
    validation_size,
)
from ._seeds import permutation, uniforms


class Pass(NamedTuple):
    """What one process takes of one pass over a phase.

    Attributes:
        rows: The stored examples, in order, int64 `[examples]`; None: all of them as they are
            stored.
        draws: Their random numbers, float32 `[examples, k]`; None if there are none.
        sizes: How many of them are in each batch.
    """

    rows: Tensor | None
    draws: Tensor | None
    sizes: list[int]


class ExampleDataset(Dataset):
    """A data set of separate examples, stored as one training and one test part.

    Args:
        name: Its name.
        sizes: How many examples are stored for training and for testing.
        num_classes: How many classes the targets tell apart; None without targets.
    """

    def __init__(self, name: str, *, sizes: tuple[int, int], num_classes: int | None) -> None:
        self.name = name
        self.num_classes = num_classes
        self._sizes = sizes
        self._train_rows: Tensor | None = None  # the stored examples for training; None: all
        self._valid_rows: Tensor | None = None  # the stored examples that are held out

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that it has."""
        return PHASES if self._valid_rows is not None else ("train", "train_eval", "test")

    def num_examples(self, phase: Phase) -> int:
        """Returns how many examples the phase has."""
        check_phase(self, phase)
        if phase == "test":
            return self._sizes[1]
        if phase == "valid" and self._valid_rows is not None:
            return len(self._valid_rows)
        train = self._sizes[0] if self._train_rows is None else len(self._train_rows)
        return train if phase == "train" else min(train, self._sizes[1])

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns how many batches one pass over the phase has."""
        return count_batches(self, phase, self.num_examples(phase), batch_size)

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with a random part of the training set held out; see `Dataset`."""
        if self._valid_rows is not None:
            raise ValueError(f"{self.name} has a validation split already.")
        size = validation_size(*self._sizes, fraction)
        order = permutation(self._sizes[0], seed, "validation")
        split = copy.copy(self)
        split._valid_rows = order[:size].sort().values
        split._train_rows = order[size:].sort().values
        return split

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
            pieces = [torch.arange(low, high) for low, high in bounds]
            taken = torch.cat(pieces) if pieces else torch.arange(0)
            rows = taken if rows is None else rows[taken]
            draws = None if draws is None else draws[taken]
        return Pass(rows, draws, sizes)

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

    def __repr__(self) -> str:
        sizes = ", ".join(f"{phase}={self.num_examples(phase)}" for phase in self.phases)
        return f"{type(self).__name__}({self.name!r}, {sizes}, device={str(self.device)!r})"
