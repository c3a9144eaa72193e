"""Data whose every phase is one batch, such as a graph or a set of collocation points."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Self

import torch

from ._batches import Arrays
from ._checks import check_batch_size, check_batches, check_no_validation, check_phase
from ._dataset import PHASES, Batch, Dataset, Facts, Phase
from ._examples import Examples
from ._trees import tensors


class FullBatchDataset(Dataset):
    """A data set with one batch per phase, so that an epoch is one step.

    Every pass returns the same batch. Its tensors are those of the data set itself, so do not
    change them in place. `train_eval` is the training batch. With several processes, each receives
    the whole batch; their mean gradient is then the gradient.

    Args:
        name: Its name.
        train: The training batch.
        test: The test batch.
        valid: The validation batch, which `with_validation` adds; None if there is none.
        facts: Facts about the data that a model may need.

    Example:
        >>> data = FullBatchDataset(
        ...     "line",
        ...     train=Batch({"x": torch.rand(50, 1), "weights": torch.ones(1)}, torch.rand(50)),
        ...     test=Batch({"x": torch.rand(20, 1), "weights": torch.ones(1)}, torch.rand(20)),
        ... )
        >>> data.num_batches("train", batch_size=50)
        1
    """

    def __init__(
        self,
        name: str,
        *,
        train: Batch,
        test: Batch,
        valid: Batch | None = None,
        facts: Facts | None = None,
    ) -> None:
        self.name = name
        self._facts = facts or Facts()
        self.num_classes = self._facts.num_classes
        self.device = tensors(train.inputs)[0].device
        self._batches: dict[str, Batch] = {"train": train, "train_eval": train, "test": test}
        self._valid = valid

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The available phases."""
        return tuple(phase for phase in PHASES if phase in self._batches)

    @property
    def facts(self) -> Facts:
        """Facts about the data that a model may need."""
        return self._facts

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of examples of a phase; see `Batch.num_examples`."""
        check_phase(self, phase)
        return self._batches[phase].num_examples

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns 1.

        Raises:
            ValueError: If `batch_size` is not the number of training examples, for `train`; the
                other phases take any positive one.
        """
        check_phase(self, phase)
        check_batch_size(batch_size)
        if phase == "train" and batch_size != self.num_examples("train"):
            raise ValueError(
                f"{self.name} is trained on as one batch of {self.num_examples('train')} examples:"
                f" choose that batch_size, not {batch_size}."
            )
        return 1

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
        """Iterates over the one batch of a phase; see `Dataset.batches`."""
        del seed
        check_batches(self.num_batches(phase, batch_size), batch_size, start, epoch, shard)
        return iter([self._batches[phase]][start:])

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        moved = copy.copy(self)
        moved._batches = {phase: batch.to(device) for phase, batch in self._batches.items()}
        moved._batches["train_eval"] = moved._batches["train"]
        moved._valid = None if self._valid is None else self._valid.to(device)
        moved.device = tensors(moved._batches["train"].inputs)[0].device
        return moved

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with its own validation batch as phase `valid`; see `Dataset`.

        Raises:
            ValueError: If there already is a validation split, or there is no validation batch.
        """
        del fraction, seed
        check_no_validation(self)
        if self._valid is None:
            raise ValueError(f"{self.name} is one batch and has no validation set.")
        held_out = copy.copy(self)
        held_out._batches = {**self._batches, "valid": self._valid}
        return held_out

    def arrays(self, phase: Phase) -> Arrays:
        """Returns the inputs and targets of a phase."""
        check_phase(self, phase)
        return Arrays(*self._batches[phase])

    def examples(self, phase: Phase) -> Examples:
        """Raises ValueError: a graph or a set of points has no separate examples."""
        check_phase(self, phase)
        raise ValueError(
            f"{self.name} is one batch and has no single examples: iterate over `batches`."
        )
