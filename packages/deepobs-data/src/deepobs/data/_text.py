"""Text as a data set of numbered tokens: continuous rows for recurrent models, and blocks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Self

import torch
from torch import Tensor

from ._batches import Arrays
from ._checks import (
    check_batch_size,
    check_batches,
    check_no_validation,
    check_phase,
    check_whole,
    count_batches,
    shard_bounds,
    validation_size,
)
from ._dataset import PHASES, Batch, Dataset, Facts, Phase
from ._examples import Examples
from ._seeds import generator, permutation


class TokenDataset(Dataset):
    """What data sets of tokens share; the targets are the inputs one token later.

    Args:
        name: Its name.
        train: The training text as numbers of tokens, uint8 or another integer type `[tokens]`.
        test: The test text.
        vocabulary: The tokens by their numbers, one character each.
        sequence_length: T, the number of tokens of a row of a batch.

    Raises:
        ValueError: If `sequence_length` is not a whole number from 1 to below the length of the
            training text.
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
        check_whole("sequence_length", sequence_length, least=1)
        if sequence_length >= len(train):
            raise ValueError(
                f"sequence_length must be less than the {len(train)} tokens of the training text of"
                f" {name}, but is {sequence_length}."
            )
        self.name = name
        self.num_classes = len(vocabulary)
        self.vocabulary = vocabulary
        self.sequence_length = sequence_length
        self.device = train.device
        self._texts: dict[Phase, Tensor] = {"train": train, "train_eval": train, "test": test}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The available phases."""
        return tuple(phase for phase in PHASES if phase in self._texts)

    @property
    def facts(self) -> Facts:
        """The sizes of vocabulary and rows."""
        return Facts(
            num_classes=len(self.vocabulary),
            vocabulary_size=len(self.vocabulary),
            sequence_length=self.sequence_length,
        )

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._texts = {phase: text.to(device) for phase, text in self._texts.items()}
        moved._texts["train_eval"] = moved._texts["train"]
        moved.device = moved._texts["train"].device
        return moved

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with the end of the training text held out; see `Dataset`.

        It is always the end, regardless of the seed, so that both parts are continuous texts.

        Raises:
            ValueError: If one of the two parts would be empty, or there already is a validation
                split.
        """
        del seed
        check_no_validation(self)
        train, test = self._texts["train"], self._texts["test"]
        cut = len(train) - validation_size(len(train), len(test), fraction)
        held_out = copy.copy(self)
        held_out._texts = {"train": train[:cut], "train_eval": train[:cut], "test": test}
        held_out._texts["valid"] = train[cut:]
        return held_out

    def arrays(self, phase: Phase) -> Arrays:
        """Returns the text of a phase in whole, consecutive blocks: inputs and targets `[n, T]`."""
        starts = self._starts(phase)
        return Arrays(*self._blocks(phase, starts))

    def examples(self, phase: Phase) -> Examples:
        """Returns the consecutive blocks of T tokens, for `DataLoader`; see `Dataset.examples`."""
        starts = self._starts(phase)
        return Examples(len(starts), lambda numbers: self._blocks(phase, starts[numbers]))

    def _starts(self, phase: Phase) -> Tensor:
        """Returns where the consecutive whole blocks of a phase begin, int64 `[blocks]`."""
        check_phase(self, phase)
        count = (len(self._texts[phase]) - 1) // self.sequence_length
        return torch.arange(count) * self.sequence_length

    def _blocks(self, phase: Phase, starts: Tensor) -> Batch:
        """Returns the blocks of T tokens that begin at `starts`, and the same one token later."""
        rows = self._texts[phase].unfold(0, self.sequence_length + 1, 1)
        block = rows.index_select(0, starts.to(self.device))
        return Batch(block[:, :-1].to(torch.int64), block[:, 1:].to(torch.int64))


class TextDataset(TokenDataset):
    """A text cut into N rows that are read T characters at a time, for recurrent models.

    Row n of a batch continues row n of the previous batch, so that a model can carry its state. The
    order is fixed: `seed` and `epoch` have no effect. Batches of `train` have exactly T characters
    per row. The other phases end with a shorter batch and leave out only the characters (fewer than
    N) that do not fill all rows. `train_eval` is the whole training text.

    The arguments are those of `TokenDataset`.
    """

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of characters of a phase."""
        check_phase(self, phase)
        return len(self._texts[phase])

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of batches of one pass over a phase, with N = `batch_size` rows.

        Raises:
            ValueError: If the batch size is not positive, or the text does not fill one batch.
        """
        followed = self.num_examples(phase) - 1  # characters that have a next one to predict
        check_batch_size(batch_size)
        if batch_size > followed:
            raise ValueError(
                f"A batch of {batch_size} rows is too large: phase {phase} of {self.name} has only"
                f" {followed} characters to predict."
            )
        columns = followed // batch_size
        if phase != "train":
            return -(-columns // self.sequence_length)
        if columns < self.sequence_length:
            raise ValueError(
                f"{batch_size} rows leave {columns} characters each for training, but a batch needs"
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
            ValueError: If an argument is out of range, or the text does not fill one batch.
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


class TokenBlocks(TokenDataset):
    """A text as blocks of T tokens, for models that see one block at a time.

    A batch of `train` has N blocks that begin at random positions of the text, drawn with
    replacement, as in nanoGPT. An epoch has ⌊⌊(tokens − 1) / T⌋ / N⌋ batches. The other phases go
    through consecutive blocks of exactly T tokens. `train_eval` is a fixed random subset with as
    many blocks as the test text.

    The arguments are those of `TokenDataset`.

    Source: github.com/karpathy/nanoGPT.
    """

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of consecutive blocks of a phase."""
        blocks = len(self._starts(phase))
        return min(blocks, len(self._starts("test"))) if phase == "train_eval" else blocks

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of batches of one pass over a phase."""
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
        if phase == "train":
            places = len(self._texts[phase]) - self.sequence_length
            drawn = generator(seed, "blocks", epoch)
            starts = torch.randint(places, (count * batch_size,), generator=drawn)
        else:
            starts = self._starts(phase)
            if phase == "train_eval":
                order = permutation(len(starts), seed, "train_eval")
                starts = starts[order[: self.num_examples(phase)].sort().values]
        return self._stream(phase, starts.to(self.device), batch_size, start, shard)

    def _stream(
        self, phase: Phase, starts: Tensor, batch_size: int, first: int, shard: tuple[int, int]
    ) -> Iterator[Batch]:
        for batch in torch.split(starts, batch_size)[first:]:
            low, high = shard_bounds(len(batch), shard)
            if low < high:
                yield self._blocks(phase, batch[low:high])
