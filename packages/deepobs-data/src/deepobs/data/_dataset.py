"""The interface of a data set: phases, batches, and how they follow from seed and epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, get_args

import torch
import torch.utils.data
from torch import Tensor, nn

from ._trees import Tree, map_tensors, num_rows, split, tensors

if TYPE_CHECKING:
    from ._batches import Arrays
    from ._examples import Examples
    from ._transforms import Transform

Phase = Literal["train", "train_eval", "valid", "test"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Batch(NamedTuple):
    """A batch of examples, as tensors on the device of the data set.

    Inputs and targets are tensors, or nested (named) tuples, lists and dictionaries of tensors.
    Most data sets have one tensor for each.

    Attributes:
        inputs: The inputs of the model, such as images `[N, C, H, W]` (float32), tokens `[N, T]`
            (int64), or `{"numbers": [N, D], "categories": [N, K]}`.
        targets: What the model should predict, such as labels `[N]` (int64) or values `[N]`
            (float32); None if the data has no targets.
    """

    inputs: Tree
    targets: Tree

    @property
    def num_examples(self) -> int:
        """The number of examples N: the rows of the first tensor of `targets`, else `inputs`."""
        return len(tensors(self.inputs if self.targets is None else self.targets)[0])

    def map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """Returns a batch of the same structure with `function` applied to each tensor."""
        return Batch(map_tensors(function, self.inputs), map_tensors(function, self.targets))

    def to(self, device: torch.device | str) -> Batch:
        """Returns this batch on a device."""
        return self.map(lambda tensor: tensor.to(device))

    def chunk(self, count: int) -> list[Batch]:
        """Splits the batch into batches of (almost) equal size.

        Returns:
            `count` batches, or fewer if this batch has fewer examples.

        Raises:
            ValueError: If the tensors do not all have the examples on the first axis, as those of
                a graph or of a batch of collocation points.
        """
        size = num_rows(self.inputs if self.targets is None else (self.inputs, self.targets))
        each = -(-size // count)
        sizes = [min(each, size - first) for first in range(0, size, each)]
        parts = zip(split(self.inputs, sizes), split(self.targets, sizes), strict=True)
        return [Batch(inputs, targets) for inputs, targets in parts]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts about a data set that a model may need; None where they do not apply.

    Attributes:
        num_classes: The number of classes (for a text: of tokens) among the targets.
        num_features: The number of values of one example, or of one node of a graph.
        num_nodes: The number of nodes of a graph.
        vocabulary_size: The number of different tokens among the inputs.
        sequence_length: The number of tokens of one example.
        sample: Some training inputs as the model sees them in evaluation, `[n, ...]`, for weights
            that are computed from data.
    """

    num_classes: int | None = None
    num_features: int | None = None
    num_nodes: int | None = None
    vocabulary_size: int | None = None
    sequence_length: int | None = None
    sample: Tensor | None = field(default=None, compare=False, repr=False)


class Dataset(torch.utils.data.Dataset["Batch | Tree"], ABC):
    """A data set with up to four phases, each a sequence of batches.

    `train` is shuffled in each epoch and drops the last, incomplete batch. The other phases have a
    fixed order. `train_eval` is a fixed subset of the training set, as large as the test set, with
    the training transform; `test` is the test set; `valid` is the part of the training set that
    `with_validation` holds out.

    Order and augmentation of an epoch depend only on (seed, epoch). To continue a run, request its
    epoch from the next batch on. To repeat an epoch, request it again.

    Batches are created on demand. A data set can therefore collect them with the model that is
    trained, as in reinforcement learning. Such a data set overrides `attach`, which receives the
    model, and `state_dict` and `load_state_dict`, so that an interrupted run can be continued
    exactly.

    Attributes:
        name: The name it is loaded by, such as `"mnist"`.
        num_classes: The number of classes (or tokens) among the targets; None without classes.
        device: The device of its batches.
    """

    name: str
    num_classes: int | None
    device: torch.device

    @property
    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The available phases: all four, or three without a validation split."""

    @property
    def facts(self) -> Facts:
        """Facts about the data that a model may need, such as the size of the vocabulary."""
        return Facts(num_classes=self.num_classes)

    @abstractmethod
    def num_examples(self, phase: Phase) -> int:
        """Returns the number of examples (for a text: of characters) of a phase."""

    @abstractmethod
    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of batches of one pass over a phase; see `batches`."""

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
            phase: The part of the data.
            batch_size: The number of examples per batch, N; over all processes if sharded.
            seed: The seed of order and augmentation.
            epoch: The epoch, from 0, which determines order and augmentation of `train`.
            start: The first batch; earlier ones are skipped at no cost.
            shard: `(rank, world_size)`: selects the rank-th of `world_size` contiguous parts of
                each batch.

        Returns:
            The batches. An empty part (of a last batch smaller than `world_size`) is left out.

        Raises:
            ValueError: If an argument is out of range, or there is no such phase.
        """

    def steps(
        self,
        first: int,
        last: int,
        *,
        batch_size: int,
        seed: int = 42,
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """Iterates over training batches counted in steps, across epochs.

        Args:
            first: The first step, from 0.
            last: The step to stop before.
            batch_size: As for `batches`.
            seed: As for `batches`.
            shard: As for `batches`.

        Example:
            >>> from deepobs.data import load_dataset
            >>> data = load_dataset("digits")
            >>> data.num_batches("train", batch_size=32)
            44
            >>> sum(1 for batch in data.steps(0, 100, batch_size=32))
            100
        """
        length = self.num_batches("train", batch_size)
        step = first
        while step < last:
            epoch, start = divmod(step, length)
            passed = self.batches(
                "train", batch_size=batch_size, seed=seed, epoch=epoch, start=start, shard=shard
            )
            end = min(last, (epoch + 1) * length)
            for _, batch in zip(range(step, end), passed, strict=False):
                yield batch
            step = end

    @abstractmethod
    def to(self, device: torch.device | str) -> Self:
        """Returns this data set with its data and batches on a device."""

    def attach(self, model: nn.Module) -> None:
        """Sets the model to collect data with; does nothing by default.

        A built problem calls this method with its model, and again if the model is replaced or
        moved.

        Args:
            model: The model that is trained; its weights change from step to step.
        """

    def state_dict(self) -> dict[str, Any]:
        """Returns the state that batches depend on besides (seed, epoch); empty by default.

        For example, the states of environments and batches that were collected but not used.

        Returns:
            Tensors and plain values.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned; `batches` then continues from there.

        Args:
            state: What `state_dict` returned.
        """

    @abstractmethod
    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with part of the training set held out as phase `valid`.

        Args:
            fraction: The fraction to hold out, between 0 and 1 (exclusive); by default as many
                examples as the test set has, but at most a fifth. A data set with its own
                validation set uses that instead.
            seed: The seed for drawing the held-out examples.

        Raises:
            ValueError: If one of the two parts would be empty, or there already is a validation
                split.
        """

    def with_transform(
        self,
        transform: Transform | Callable[[Tree], Tree],
        *,
        train: Transform | Callable[[Tree], Tree] | None = None,
    ) -> Self:
        """Returns this data set with different transforms.

        Args:
            transform: A `Transform`, or a function of the inputs of a batch, for all phases.
            train: A different transform for `train` and `train_eval`.

        Raises:
            ValueError: If the data set has no transforms, such as a text or a graph.
        """
        raise ValueError(f"{self.name} takes no transform: apply it to the batches instead.")

    @abstractmethod
    def arrays(self, phase: Phase) -> Arrays:
        """Returns all examples of a phase as they are stored, before any transform.

        Raises:
            ValueError: If the data set does not fit in memory, or there is no such phase.
        """

    @abstractmethod
    def examples(self, phase: Phase) -> Examples:
        """Returns the single examples of a phase, for `torch.utils.data.DataLoader`.

        The transform of the phase is applied. Its random numbers come from torch's global
        generator, as in torchvision.

        Raises:
            ValueError: If the data set has no single examples, or there is no such phase.
        """

    def __len__(self) -> int:
        """Returns the number of training examples."""
        return len(self.examples("train"))

    def __getitem__(self, index: int) -> Batch | Tree:
        """Returns a training example; see `examples`."""
        return self.examples("train")[index]

    def __getitems__(self, indices: list[int]) -> list[Batch | Tree]:
        """Returns several training examples at once, which is faster; called by `DataLoader`."""
        return self.examples("train").__getitems__(indices)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{phase}={self.num_examples(phase)}" for phase in self.phases)
        return f"{type(self).__name__}({self.name!r}, {sizes}, device={str(self.device)!r})"
