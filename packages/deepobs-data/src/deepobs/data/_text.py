"""Text as a data set: rows of characters that continue each other from batch to batch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Self

import torch
from torch import Tensor

from ._dataset import (
    PHASES,
    Batch,
    Dataset,
    Phase,
    check_batches,
    check_phase,
    shard_bounds,
    validation_size,
)


class TextDataset(Dataset):
    """A text, cut into N rows and read T characters at a time.

    Row n of a batch goes on where row n of the batch before stopped, so that a recurrent model can
    carry its state. The targets are the inputs one character later. There is no order to draw:
    `seed` and `epoch` change nothing. `train` has windows of exactly T characters; the other phases
    also have a last, shorter one, and leave out only the characters (fewer than N) that do not fill
    all rows. `train_eval` is the whole training text.

    Args:
        name: Its name.
        train: The training text as numbers of characters, uint8 `[characters]`.
        test: The test text.
        vocabulary: The characters, by their numbers.
        sequence_length: T, 1 or more.

    Raises:
        ValueError: If `sequence_length` is not positive.
    """

    def __init__(
        self,
        name: str,
        *,
        train: Tensor,
        test: Tensor,
        vocabulary: str,
        sequence_length: int,
    ) -> None:
        if sequence_length < 1:
            raise ValueError(f"sequence_length is 1 or more, not {sequence_length}.")
        self.name = name
        self.num_classes = len(vocabulary)
        self.vocabulary = vocabulary
        self.sequence_length = sequence_length
        self.device = train.device
        self._texts: dict[Phase, Tensor] = {"train": train, "train_eval": train, "test": test}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that it has."""
        return tuple(phase for phase in PHASES if phase in self._texts)

    def num_examples(self, phase: Phase) -> int:
        """Returns how many characters the phase has."""
        check_phase(self, phase)
        return len(self._texts[phase])

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns how many batches one pass over the phase has, with N = `batch_size` rows.

        Raises:
            ValueError: If the batch size is not positive, or the text does not fill one batch.
        """
        followed = self.num_examples(phase) - 1  # characters that have a next one to predict
        if batch_size < 1:
            raise ValueError(f"batch_size is 1 or more, not {batch_size}.")
        if batch_size > followed:
            raise ValueError(
                f"A batch of {batch_size} rows is more than {self.name} has characters to predict"
                f" in {phase}: {followed}."
            )
        columns = followed // batch_size
        if phase != "train":
            return -(-columns // self.sequence_length)
        if columns < self.sequence_length:
            raise ValueError(
                f"{batch_size} rows leave {columns} characters each for training, but a batch takes"
                f" {self.sequence_length}: choose a smaller batch_size."
            )
        return columns // self.sequence_length

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
        """Iterates over the batches of one pass over a phase; see `Dataset.batches`.

        A shard is a part of the rows, the same in every batch.

        Raises:
            ValueError: If an argument cannot be, or the text does not fill one batch.
        """
        del seed
        count = self.num_batches(phase, batch_size)
        check_batches(count, batch_size, start, epoch, shard)
        steps = self.sequence_length
        text = self._texts[phase]
        length = count * steps if phase == "train" else (len(text) - 1) // batch_size
        low, high = shard_bounds(batch_size, shard)
        rows = [text[i : i + batch_size * length].view(batch_size, length) for i in (0, 1)]
        inputs, targets = (part[low:high] for part in rows)
        return (
            Batch(
                inputs[:, first : first + steps].to(torch.int64),
                targets[:, first : first + steps].to(torch.int64),
            )
            for first in range(start * steps, length, steps)
        )

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        train, test = self._texts["train"].to(device), self._texts["test"].to(device)
        moved._texts = {"train": train, "train_eval": train, "test": test}
        if "valid" in self._texts:
            moved._texts["valid"] = self._texts["valid"].to(device)
        moved.device = train.device
        return moved

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with the last part of the training text held out; see `Dataset`.

        The last part whatever the seed, so that both parts are texts that can be read.

        Raises:
            ValueError: If nothing would be left in one of the two parts, or there is a validation
                split already.
        """
        del seed
        if "valid" in self._texts:
            raise ValueError(f"{self.name} has a validation split already.")
        train, test = self._texts["train"], self._texts["test"]
        cut = len(train) - validation_size(len(train), len(test), fraction)
        split = copy.copy(self)
        split._texts = {"train": train[:cut], "train_eval": train[:cut], "test": test}
        split._texts["valid"] = train[cut:]
        return split

    def __repr__(self) -> str:
        sizes = ", ".join(f"{phase}={self.num_examples(phase)}" for phase in self.phases)
        return f"{type(self).__name__}({self.name!r}, {sizes}, device={str(self.device)!r})"
