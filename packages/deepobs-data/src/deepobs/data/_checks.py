"""Checks of arguments, and the sizes that follow from them."""

from __future__ import annotations

import numbers
import reprlib

from ._dataset import Dataset, Phase

# The default of with_validation(): as many examples as the test set has, but at most this part.
LARGEST_DEFAULT_VALIDATION = 0.2


def check_phase(dataset: Dataset, phase: str) -> None:
    """Raises ValueError if the data set has no such phase."""
    if phase in dataset.phases:
        return
    if phase == "valid":
        raise ValueError(
            f"{dataset.name} has no validation split: make one with `with_validation()`."
        )
    raise ValueError(f"Unknown phase {phase!r}: choose one of {', '.join(dataset.phases)}.")


def check_no_validation(dataset: Dataset) -> None:
    """Raises ValueError if the data set has a validation split already."""
    if "valid" in dataset.phases:
        raise ValueError(f"{dataset.name} has a validation split already.")


def check_batches(
    num_batches: int, batch_size: int, start: int, epoch: int, shard: tuple[int, int]
) -> None:
    """Raises ValueError if an argument of `Dataset.batches` is out of range."""
    rank, world_size = shard
    if not 0 <= rank < world_size:
        raise ValueError(
            f"shard must be (rank, world_size) with 0 <= rank < world_size, but is {shard}."
        )
    if batch_size < world_size:
        raise ValueError(f"A batch of {batch_size} cannot be shared by {world_size} processes.")
    check_whole("epoch", epoch, least=0)
    check_whole("start", start)
    if not 0 <= start <= num_batches:
        raise ValueError(f"start must be a batch between 0 and {num_batches}, but is {start}.")


def check_batch_size(batch_size: int) -> None:
    """Raises ValueError if the batch size is not a positive whole number."""
    check_whole("batch_size", batch_size, least=1)


def check_whole(name: str, value: int, *, least: int | None = None) -> None:
    """Raises ValueError if a value is not a whole number, or less than `least`."""
    if not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be a whole number, but is {reprlib.repr(value)}.")
    if least is not None and value < least:
        raise ValueError(f"{name} must be {least} or more, but is {value}.")


def count_batches(dataset: Dataset, phase: Phase, num_examples: int, batch_size: int) -> int:
    """Returns the number of batches; `train` drops the incomplete one.

    Raises:
        ValueError: If the batch size is not positive, or larger than the training set.
    """
    check_batch_size(batch_size)
    if phase != "train":
        return -(-num_examples // batch_size)
    if batch_size > num_examples:
        raise ValueError(
            f"batch_size {batch_size} is larger than the training set of {dataset.name}, which"
            f" has {num_examples} examples."
        )
    return num_examples // batch_size


def validation_size(train: int, test: int, fraction: float | None) -> int:
    """Returns the number of the `train` examples to hold out.

    Raises:
        ValueError: If the fraction is not inside (0, 1) or leaves one part empty.
    """
    if fraction is None:
        size = min(test, int(LARGEST_DEFAULT_VALIDATION * train))
    elif 0 < fraction < 1:
        size = round(fraction * train)
    else:
        raise ValueError(
            f"The validation fraction must be more than 0 and less than 1, but is {fraction}."
        )
    if not 0 < size < train:
        raise ValueError(f"Holding out {size} of {train} training examples leaves one part empty.")
    return size


def shard_bounds(size: int, shard: tuple[int, int]) -> tuple[int, int]:
    """Returns where the rank-th of `world_size` contiguous parts of `size` rows begins and ends."""
    rank, world_size = shard
    return size * rank // world_size, size * (rank + 1) // world_size
