"""Images that do not fit in memory: worker processes read files while the model trains."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch
import torch.utils.data
from torch import Tensor

from ._batches import Arrays
from ._checks import check_phase
from ._dataset import Batch, Phase
from ._errors import CorruptDatasetError, CorruptFilesWarning
from ._examples import Examples
from ._fetch import Progress
from ._files import FileIndex
from ._images import CROPPED, UnreadableImageError, crop_resized, read_image
from ._passes import ExampleDataset, Pass
from ._transforms import Standardize

MOST_WORKERS = 16  # more have not made loading faster, and each holds two batches
_NUM_DRAWS = 3  # two for the window, one for the flip


class _Block(NamedTuple):
    """One batch from a worker: images, labels, and the files that it left out."""

    images: Tensor  # float32 `[N, 3, 224, 224]`, values of 0 to 1
    labels: Tensor
    unreadable: list[str]


class StreamedImages(ExampleDataset):
    """Images in one folder per class, which are read from disk in each pass.

    Worker processes decode files, resize them to 256 on the shorter side and crop them to 224×224
    (in training at a random position, with random flips); everything else is done in batches on the
    device. A file that cannot be read is left out of its batch, with a `CorruptFilesWarning` that
    names it. An empty batch is also left out, except in `train`, where it is an error, because a
    step would be counted that was not taken.

    Args:
        name: Its name.
        train: The training files.
        test: The test files.
        num_classes: The number of classes among the targets.
        num_workers: The number of worker processes; 0 to read in this process; None for one per
            processor that this process may use, shared with the other processes of a sharded run,
            at most 16.
    """

    def __init__(
        self,
        name: str,
        *,
        train: FileIndex,
        test: FileIndex,
        num_classes: int,
        num_workers: int | None = None,
    ) -> None:
        super().__init__(
            name,
            sizes=(len(train), len(test)),
            num_classes=num_classes,
            # A batch arrives in memory shared with a worker. Working in place allocates nothing:
            # glibc 2.36's heap was seen to grow with most batches of 24 MB.
            transform=Standardize(inplace=True),
        )
        self.device = torch.device("cpu")
        self.num_workers = num_workers
        self.unreadable_files: set[str] = set()
        self._train, self._test = train, test

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

        Raises:
            ValueError: If an argument is out of range, or there is no such phase.
            CorruptDatasetError: While iterating, if no file of the pass, or of a training batch,
                can be read.
        """
        taken = self._pass(
            phase,
            _NUM_DRAWS if phase.startswith("train") else 0,
            batch_size=batch_size,
            seed=seed,
            epoch=epoch,
            start=start,
            shard=shard,
        )
        reader = _Reader(self._files(phase), taken)
        workers = default_workers(shard[1]) if self.num_workers is None else self.num_workers
        return self._stream(phase, reader, min(workers, len(reader)))

    def _stream(self, phase: Phase, reader: _Reader, workers: int) -> Iterator[Batch]:
        pinned = self.device.type == "cuda"
        read_any = False
        loader = torch.utils.data.DataLoader(
            reader,
            batch_size=None,
            num_workers=workers,
            pin_memory=pinned,
            generator=torch.Generator(),  # else it draws from torch's global one
        )
        for block in loader:
            if block.unreadable:
                self._report(phase, block.unreadable)
            if not len(block.labels):
                if phase == "train":
                    raise self._nothing_left("a batch for training", block.unreadable[0])
                continue
            read_any = True
            images = block.images.to(self.device, non_blocking=pinned)
            labels = block.labels.to(self.device, non_blocking=pinned)
            yield Batch(self._transform(phase)(images, None), labels)
        if len(reader) and not read_any:
            raise self._nothing_left(f"this pass over {phase}", block.unreadable[0])

    def _nothing_left(self, what: str, file: str) -> CorruptDatasetError:
        return CorruptDatasetError(
            f"No file of {what} of {self.name} can be read, such as {file}: fetch the files again"
            " that `deepobs data verify` lists."
        )

    def _report(self, phase: Phase, files: list[str]) -> None:
        """Warns once about each file that cannot be read."""
        new = [file for file in files if file not in self.unreadable_files]
        self.unreadable_files.update(new)
        if new:
            warnings.warn(
                f"{self.name}: left out of {phase} because they cannot be read: {', '.join(new)}"
                f" ({len(self.unreadable_files)} unreadable files so far).",
                CorruptFilesWarning,
                stacklevel=3,
            )

    def _fetch(self, phase: Phase, taken: Pass) -> Batch:
        block = _Reader(self._files(phase), taken)[0]
        if block.unreadable:
            raise self._nothing_left("these examples", block.unreadable[0])
        return Batch(self._transform(phase)(block.images, None), block.labels)

    def _files(self, phase: Phase) -> FileIndex:
        return self._test if phase == "test" else self._train

    def arrays(self, phase: Phase) -> Arrays:
        """Raises ValueError: the images do not fit in memory."""
        check_phase(self, phase)
        raise ValueError(
            f"{self.name} does not fit in memory: iterate over `batches`, or over `examples` with a"
            " DataLoader."
        )

    def examples(self, phase: Phase) -> Examples:
        """Returns the single examples of a phase, for `DataLoader`; see `Dataset.examples`."""
        return self._examples(phase, _NUM_DRAWS if phase.startswith("train") else 0)

    def find_unreadable(self, progress: Progress | None = None) -> list[Path]:
        """Decodes every file, in worker processes.

        Args:
            progress: Called with the data set's name, the number of files done, and their total.

        Returns:
            The files that cannot be read.
        """
        total = len(self._train) + len(self._test)
        found, done = [], 0
        for files in (self._train, self._test):
            checker = _Checker(files)
            workers = default_workers() if self.num_workers is None else self.num_workers
            loader = torch.utils.data.DataLoader(
                checker,
                batch_size=None,
                num_workers=min(workers, len(checker)),
                generator=torch.Generator(),  # else it draws from torch's global one
            )
            for block, numbers in enumerate(loader, start=1):
                found += [files.path(number) for number in numbers]
                if progress:
                    progress(self.name, done + min(block * checker.BLOCK, len(files)), total)
            done += len(files)
        return found

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set with its batches on a device."""
        moved = copy.copy(self)
        moved.device = torch.empty(0, device=device).device
        return moved


def default_workers(processes: int = 1) -> int:
    """Returns the default number of workers of each of `processes` on this machine."""
    available = getattr(os, "sched_getaffinity", None)  # not on every system
    processors = len(available(0)) if available else os.cpu_count() or 1
    return max(1, min(processors // processes, MOST_WORKERS))


class _Reader(torch.utils.data.Dataset[_Block]):
    """Reads the batches of one pass; it is sent to the workers, so it holds only arrays."""

    def __init__(self, files: FileIndex, taken: Pass) -> None:
        self.files = files
        self.rows = None if taken.rows is None else taken.rows.numpy()
        self.draws = None if taken.draws is None else taken.draws.numpy()
        self.ends = np.cumsum([0, *taken.sizes])

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, batch: int) -> _Block:
        positions = range(self.ends[batch], self.ends[batch + 1])
        images = np.empty((len(positions), 3, CROPPED, CROPPED), np.float32)
        labels: list[int] = []
        unreadable = []
        for position in positions:
            number = position if self.rows is None else int(self.rows[position])
            path = self.files.path(number)
            try:
                image = read_image(path)
            except UnreadableImageError:
                unreadable.append(str(path))
                continue
            draws = None if self.draws is None else self.draws[position]
            crop = crop_resized(image, draws).transpose(2, 0, 1)
            np.multiply(crop, np.float32(1 / 255), out=images[len(labels)])
            labels.append(int(self.files.labels[number]))
        read = torch.from_numpy(images[: len(labels)])
        return _Block(read, torch.tensor(labels, dtype=torch.int64), unreadable)


class _Checker(torch.utils.data.Dataset[list[int]]):
    """Finds the files that cannot be read, a block of files at a time."""

    BLOCK = 64

    def __init__(self, files: FileIndex) -> None:
        self.files = files

    def __len__(self) -> int:
        return -(-len(self.files) // self.BLOCK)

    def __getitem__(self, block: int) -> list[int]:
        unreadable = []
        last = min((block + 1) * self.BLOCK, len(self.files))
        for number in range(block * self.BLOCK, last):
            try:
                read_image(self.files.path(number))
            except UnreadableImageError:
                unreadable.append(number)
        return unreadable
