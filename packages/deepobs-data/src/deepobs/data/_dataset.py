"""What a data set is: phases, batches, and how they depend on seed and epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Literal, NamedTuple, Self, get_args

import torch
from torch import Tensor

Phase = Literal["train", "train_eval", "valid", "test"]
PHASES: tuple[Phase, ...] = get_args(Phase)

# Held out by with_validation() unless it is told: as many as the test set has, at most this part.
LARGEST_DEFAULT_VALIDATION = 0.2


class Batch(NamedTuple):
    """Some examples, as tensors on the data set's device.

    Attributes:
        inputs: What the model sees: images `[N, C, H, W]` or vectors `[N, D]` float32, characters
            `[N, T]` int64.
        targets: What it should answer: labels `[N]` or next characters `[N, T]`, int64; None where
            there are none.
    """

    inputs: Tensor
    targets: Tensor | None


class Dataset(ABC):
    """A data set in up to four phases, of which batches can be had.

    `train` is shuffled anew for each epoch and drops the last, incomplete batch. The others use
    every example in a fixed order: `train_eval` is a fixed part of the training set, as large as
    the test set, seen through the training transform; `test` is the test set; `valid` a part held
    out of the training set by `with_validation`.

    The order and the augmentation of an epoch are pure functions of (seed, epoch): to go on where a
    run stopped, ask for that epoch from that batch on; to see one epoch again and again, ask for
    epoch 0 each time.

    Attributes:
        name: The name under which it was loaded, such as `"mnist"`.
        num_classes: How many classes (or characters) the targets tell apart; None where there are
            no targets.
        device: Where its batches are.
    """

    name: str
    num_classes: int | None
    device: torch.device

    @property
    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The phases that it has: all four, or three without a validation split."""

    @abstractmethod
    def num_examples(self, phase: Phase) -> int:
        """Returns how many examples (of a text: characters) the phase has."""

    @abstractmethod
    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns how many batches one pass over the phase has."""

    @abstractmethod
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
        """Iterates over the batches of one pass over a phase.

        Args:
            phase: Which part of the data.
            batch_size: Examples in a batch, N; over all processes when the data is sharded.
            seed: Seed of the order and of the augmentation.
            epoch: Which epoch's order and augmentation; 0 is the first. Only `train` depends on it.
            start: The batch to begin with; those before it are skipped at no cost.
            shard: `(rank, world)`: take the rank-th of `world` contiguous parts of every batch.

        Returns:
            The batches. A part that is empty (a last batch smaller than `world`) is left out.

        Raises:
            ValueError: If an argument cannot be, or the data set has no such phase.
        """

    @abstractmethod
    def to(self, device: torch.device | str) -> Self:
        """Returns this data set with its batches on a device; what it holds is moved there now."""

    @abstractmethod
    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with a part of its training set held out as phase `valid`.

        Args:
            fraction: The part to hold out, more than 0 and less than 1. By default as many examples
                as the test set has, but at most a fifth.
            seed: Which examples are drawn.

        Raises:
            ValueError: If nothing would be left in one of the two parts, or there is a validation
                split already.
        """


def check_phase(dataset: Dataset, phase: str) -> None:
    """Raises ValueError if the data set has no such phase."""
    if phase in dataset.phases:
        return
    if phase == "valid":
        raise ValueError(
            f"{dataset.name} has no validation split: make one with `with_validation()`."
        )
    raise ValueError(f"There is no phase {phase!r}: choose one of {', '.join(dataset.phases)}.")


def check_batches(
    num_batches: int, batch_size: int, start: int, epoch: int, shard: tuple[int, int]
) -> None:
    """Raises ValueError if there can be no such batches."""
    rank, world = shard
    if not 0 <= rank < world:
        raise ValueError(f"shard is (rank, world) with 0 <= rank < world, not {shard}.")
    if batch_size < world:
        raise ValueError(f"A batch of {batch_size} cannot be shared by {world} processes.")
    if epoch < 0:
        raise ValueError(f"epoch is 0 or more, not {epoch}.")
    if not 0 <= start <= num_batches:
        raise ValueError(f"start is a batch between 0 and {num_batches}, not {start}.")


def count_batches(dataset: Dataset, phase: Phase, num_examples: int, batch_size: int) -> int:
    """Returns how many batches there are: `train` drops the incomplete one.

    Raises:
        ValueError: If the batch size is not positive, or the training set does not fill one batch.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is 1 or more, not {batch_size}.")
    if phase != "train":
        return -(-num_examples // batch_size)
    if batch_size > num_examples:
        raise ValueError(
            f"A batch of {batch_size} is more than {dataset.name} has for training: {num_examples}."
        )
    return num_examples // batch_size


def validation_size(train: int, test: int, fraction: float | None) -> int:
    """Returns how many of `train` examples to hold out.

    Raises:
        ValueError: If the fraction is not inside (0, 1) or leaves one part empty.
    """
    if fraction is None:
        size = min(test, int(LARGEST_DEFAULT_VALIDATION * train))
    elif 0 < fraction < 1:
        size = round(fraction * train)
    else:
        raise ValueError(f"The validation fraction is more than 0 and less than 1, not {fraction}.")
    if not 0 < size < train:
        raise ValueError(f"Holding out {size} of {train} training examples leaves one part empty.")
    return size


def shard_bounds(size: int, shard: tuple[int, int]) -> tuple[int, int]:
    """Returns where the rank-th of `world` contiguous parts of `size` things begins and ends."""
    rank, world = shard
    return size * rank // world, size * (rank + 1) // world
