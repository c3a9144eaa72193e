"""Images with the noise and the steps that a diffusion model is trained with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ._batches import Arrays
from ._checks import check_batches, check_whole, shard_bounds
from ._dataset import Batch, Dataset, Facts, Phase
from ._examples import Examples
from ._seeds import generator
from ._transforms import Transform
from ._trees import Tree


class DiffusionInputs(NamedTuple):
    """Images, and what a diffusion model does to them, as inputs of a batch.

    Attributes:
        images: The images, `[N, C, H, W]`.
        noise: Standard normal noise to add, `[N, C, H, W]`; also the targets of the batch.
        steps: How many steps of noise, from 0 to below the number of steps, int64 `[N]`.
    """

    images: Tensor
    noise: Tensor
    steps: Tensor


class DiffusionDataset(Dataset):
    """A data set of images to which every batch adds noise and steps; the targets are the noise.

    Noise and steps of a batch are a pure function of the seed, the phase, the number of the batch
    and, for `train`, the epoch, drawn on the CPU. A run that is continued gets the same ones,
    several processes share those of the whole batch, and every evaluation of a run has the same.

    Args:
        images: The images, which keep order, augmentation and phases; their targets are not used.
        num_steps: The number of steps T of the diffusion.

    Raises:
        ValueError: If `num_steps` is not a whole number of at least 1.

    Example:
        >>> from deepobs.data import load_dataset
        >>> data = DiffusionDataset(load_dataset("digits"), num_steps=100)
        >>> inputs, noise = next(data.batches("train", batch_size=32))
        >>> inputs.images.shape, inputs.steps.shape, noise.shape
        (torch.Size([32, 1, 8, 8]), torch.Size([32]), torch.Size([32, 1, 8, 8]))
    """

    def __init__(self, images: Dataset, *, num_steps: int = 1000) -> None:
        check_whole("num_steps", num_steps, least=1)
        self.images = images
        self.num_steps = num_steps
        self.name = images.name
        self.num_classes = None
        self.device = images.device

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the images."""
        return self.images.phases

    @property
    def facts(self) -> Facts:
        """The number of values of an image."""
        return Facts(num_features=self.images.facts.num_features)

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of images of a phase."""
        return self.images.num_examples(phase)

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of batches of one pass over a phase."""
        return self.images.num_batches(phase, batch_size)

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
        batches = self.images.batches(
            phase, batch_size=batch_size, seed=seed, epoch=epoch, start=start, shard=shard
        )
        counter = epoch if phase == "train" else 0
        examples = self.num_examples(phase)

        def noisy() -> Iterator[Batch]:
            for number in range(start, count):
                size = min(batch_size, examples - number * batch_size)
                low, high = shard_bounds(size, shard)
                if low < high:
                    drawn = generator(seed, f"diffusion/{phase}", counter, number)
                    yield self._with_noise(next(batches).inputs, size, slice(low, high), drawn)

        return noisy()

    def _with_noise(
        self, images: Tensor, size: int, part: slice, drawn: torch.Generator | None
    ) -> Batch:
        """Returns images with their part of the noise and the steps of a batch of `size`."""
        noise = torch.randn((size, *images.shape[1:]), generator=drawn)[part].to(images.device)
        steps = torch.randint(self.num_steps, (size,), generator=drawn)[part].to(images.device)
        return Batch(DiffusionInputs(images, noise, steps), noise)

    def arrays(self, phase: Phase) -> Arrays:
        """Returns all images of a phase as they are stored, without noise."""
        return Arrays(self.images.arrays(phase).inputs)

    def examples(self, phase: Phase) -> Examples:
        """Returns single examples, for `DataLoader`, with noise from torch's global generator."""
        images = self.images.examples(phase)

        def fetch(numbers: Tensor) -> Batch:
            found = images.fetch(numbers).inputs
            return self._with_noise(found, len(numbers), slice(None), None)

        return Examples(len(images), fetch)

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device."""
        return self._of(self.images.to(device))

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with a part of its training set held out; see `Dataset`."""
        return self._of(self.images.with_validation(fraction, seed=seed))

    def with_transform(
        self,
        transform: Transform | Callable[[Tree], Tree],
        *,
        train: Transform | Callable[[Tree], Tree] | None = None,
    ) -> Self:
        """Returns this data set with other transforms of the images; see `Dataset`."""
        return self._of(self.images.with_transform(transform, train=train))

    def _of(self, images: Dataset) -> Self:
        other = copy.copy(self)
        other.images, other.device = images, images.device
        return other
