"""Shards of tokens, which are mapped into memory and read in order."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch

from ._batches import Arrays
from ._checks import check_phase, check_whole
from ._dataset import Batch, Dataset, Facts, Phase
from ._errors import CorruptDatasetError, way_out
from ._passes import ExampleDataset, Pass
from ._root import check_file, open_regular, reading
from ._transforms import Copy

HEADER_BYTES = 1024  # 256 numbers of four bytes, of which three are used
MAGIC, VERSION = 20240520, 1

Tokens = npt.NDArray[np.uint16]
Rows = npt.NDArray[np.int64]


class Shard(NamedTuple):
    """A file of tokens: a header, then the tokens as little-endian uint16.

    Attributes:
        path: The file.
        tokens: Its tokens, mapped into memory, `[tokens]`.
    """

    path: Path
    tokens: Tokens


def open_shard(name: str, path: Path) -> Shard:
    """Returns a shard that is mapped into memory; only the header is read.

    Args:
        name: The data set it belongs to.
        path: The file, which exists.

    Raises:
        CorruptDatasetError: If it is not a shard, or shorter than its header says.
        DataRootError: If it cannot be read.
    """
    check_file(name, path)
    with reading(path), open_regular(path) as file:
        content = file.read(HEADER_BYTES)
        header = np.frombuffer(content.ljust(HEADER_BYTES, b"\0"), dtype="<i4")
        if len(content) < HEADER_BYTES or header[0] != MAGIC:
            raise CorruptDatasetError(
                f"{path} is not a shard of tokens, which begins with {MAGIC}: {way_out(name)}"
            )
        if header[1] != VERSION:
            raise CorruptDatasetError(
                f"{path} is a shard of version {header[1]}, not {VERSION}: {way_out(name)}"
            )
        count, stored = int(header[2]), (os.fstat(file.fileno()).st_size - HEADER_BYTES) // 2
        if not 0 < count <= stored:
            raise CorruptDatasetError(
                f"{path} says that it has {count:,} tokens, but has {stored:,}: {way_out(name)}"
            )
        tokens = np.memmap(file, dtype="<u2", mode="r", offset=HEADER_BYTES, shape=(count,))
    return Shard(path, tokens)


def check_shard(name: str, path: Path, vocabulary_size: int) -> None:
    """Reads all of a shard.

    Raises:
        CorruptDatasetError: If it is not a shard, or has a number that is not a token.
        DataRootError: If it cannot be read.
    """
    tokens = open_shard(name, path).tokens
    for first in range(0, len(tokens), 2**24):
        largest = int(tokens[first : first + 2**24].max())
        if largest >= vocabulary_size:
            raise CorruptDatasetError(
                f"{path} has the token {largest}, but there are only {vocabulary_size}:"
                f" {way_out(name)}"
            )


class _Text:
    """The rows of T tokens of some shards, one after the other.

    A row and the token after it lie in one shard; the tokens at its end that fill no row are left
    out.
    """

    def __init__(self, shards: list[Shard], length: int, most_rows: int | None = None) -> None:
        self.shards, self.length = shards, length
        rows = [(len(shard.tokens) - 1) // length for shard in shards]
        self.ends: Rows = np.cumsum([0, *rows])
        self.rows = int(self.ends[-1])
        if most_rows is not None:
            self.rows = min(self.rows, most_rows)

    def read(self, rows: Rows) -> Tokens:
        """Returns rows with the token after each, `[rows, T + 1]`."""
        read: Tokens = np.empty((len(rows), self.length + 1), dtype=np.uint16)
        which = np.searchsorted(self.ends, rows, side="right") - 1
        for number in np.unique(which):
            here = which == number
            starts = (rows[here] - self.ends[number]) * self.length
            read[here] = self.shards[number].tokens[starts[:, None] + np.arange(self.length + 1)]
        return read


class TokenShards(ExampleDataset):
    """Text as shards of tokens on disk, read in rows of T tokens while the model trains.

    The rows of `train` come in the order of the files in every epoch, whatever the seed, as in the
    speedruns that use this format. Only the rows of a batch are read. The targets are the inputs
    one token later. `train_eval` is a fixed choice of as many rows as the test text has.

    Args:
        name: Its name.
        train: The shards for training.
        test: The shards for testing.
        vocabulary_size: The number of different tokens.
        sequence_length: T, the number of tokens of a row of a batch.
        most_test_rows: The number of rows of the test text that are used; None for all.

    Raises:
        ValueError: If `sequence_length` is not a whole number from 1 on.
        CorruptDatasetError: If the shards do not fill a row for training and one for testing.
    """

    def __init__(
        self,
        name: str,
        *,
        train: list[Shard],
        test: list[Shard],
        vocabulary_size: int,
        sequence_length: int,
        most_test_rows: int | None = None,
    ) -> None:
        check_whole("sequence_length", sequence_length, least=1)
        self._train = _Text(train, sequence_length)
        self._test = _Text(test, sequence_length, most_test_rows)
        for text in (self._train, self._test):
            if not text.rows:
                raise CorruptDatasetError(
                    f"{text.shards[0].path.parent} has no {sequence_length + 1} tokens in a shard"
                    f" of {name}, which a row needs: choose a smaller sequence_length."
                )
        super().__init__(
            name,
            sizes=(self._train.rows, self._test.rows),
            num_classes=vocabulary_size,
            transform=Copy(),
        )
        self.device = torch.device("cpu")
        self.sequence_length = sequence_length

    @property
    def facts(self) -> Facts:
        """The sizes of vocabulary and rows."""
        return Facts(
            num_classes=self.num_classes,
            vocabulary_size=self.num_classes,
            sequence_length=self.sequence_length,
        )

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
            CorruptDatasetError: While iterating, if a shard has a number that is not a token.
        """
        taken = self._pass(
            phase, 0, batch_size=batch_size, seed=seed, epoch=epoch, start=start, shard=shard
        )
        return self._stream(phase, taken)

    def _stream(self, phase: Phase, taken: Pass) -> Iterator[Batch]:
        rows = np.arange(sum(taken.sizes)) if taken.rows is None else taken.rows.numpy()
        for part in np.split(rows, np.cumsum(taken.sizes)[:-1]) if taken.sizes else ():
            yield self._read(phase, part)

    def _fetch(self, phase: Phase, taken: Pass) -> Batch:
        return next(self._stream(phase, taken))

    def _read(self, phase: Phase, rows: Rows) -> Batch:
        text = self._test if phase == "test" else self._train
        read = text.read(rows)
        largest = int(read.max())
        if self.num_classes is not None and largest >= self.num_classes:
            folder = text.shards[0].path.parent
            raise CorruptDatasetError(
                f"A shard of {self.name} in {folder} has the token {largest}, but there are only"
                f" {self.num_classes}: find it with `deepobs data verify {self.name}`."
            )
        tokens = torch.from_numpy(read.astype(np.int64)).to(self.device)
        return Batch(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())

    def _rows(self, phase: Phase, seed: int, epoch: int) -> torch.Tensor | None:
        """Returns the rows of a pass in the order of the files; None for all of them."""
        del epoch
        return self._stored_rows(phase, seed)

    def arrays(self, phase: Phase) -> Arrays:
        """Raises ValueError: the text does not fit in memory."""
        check_phase(self, phase)
        raise ValueError(
            f"{self.name} does not fit in memory: iterate over `batches`, or over `examples` with a"
            " DataLoader."
        )

    with_transform = Dataset.with_transform  # a text has no transforms

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set with its batches on a device."""
        moved = copy.copy(self)
        moved.device = torch.empty(0, device=device).device
        return moved
