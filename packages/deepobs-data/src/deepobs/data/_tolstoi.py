"""War and Peace, character by character."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from ._errors import CorruptDatasetError, way_out
from ._root import read_file, require_files, resolve_root
from ._text import TextDataset, TokenBlocks

TOLSTOI_FILES = ("tolstoi/war-and-peace.txt",)

NUM_LINES = 65_007
# The lines that DeepOBS deletes, first and last (counted from 1 in what is left at that point): the
# licence, the table of contents, the licence at the end.
DELETED_LINES = ((1, 29), (5, 775), (63_850, 64_207))
VOCABULARY_SIZE = 83
SEQUENCE_LENGTH = 50


def tolstoi(
    *,
    root: str | os.PathLike[str] | None = None,
    sequence_length: int = SEQUENCE_LENGTH,
    blocks: bool = False,
) -> TextDataset | TokenBlocks:
    """Loads War and Peace: the first 80 % of the characters for training, the rest for testing.

    The text is cut as in DeepOBS and keeps its CR and LF. Characters are numbered by frequency; the
    most frequent is 0.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        sequence_length: T, the number of characters of a row of a batch.
        blocks: Whether batches are random blocks (`TokenBlocks`), for models without memory,
            instead of rows that continue from batch to batch (`TextDataset`).

    Returns:
        Inputs and targets `[N, T]`, 83 characters.

    Raises:
        DatasetNotFoundError: If the file is missing.
        CorruptDatasetError: If it is not the text that DeepOBS uses.

    Source: Project Gutenberg 2600, translated by Louise and Aylmer Maude; as a benchmark in
    Karpathy, Johnson, Fei-Fei. Visualizing and understanding recurrent networks. arXiv 1506.02078.
    """
    (path,) = require_files("tolstoi", resolve_root(root), TOLSTOI_FILES)
    tokens, vocabulary = _encode(_read(path))
    if len(vocabulary) != VOCABULARY_SIZE:
        raise CorruptDatasetError(
            f"{path} has {len(vocabulary)} different characters instead of {VOCABULARY_SIZE}:"
            f" {way_out('tolstoi')}"
        )
    text = torch.from_numpy(tokens)
    cut = round(0.8 * len(text))
    kind = TokenBlocks if blocks else TextDataset
    return kind(
        "tolstoi",
        train=text[:cut],
        test=text[cut:],
        vocabulary=vocabulary,
        sequence_length=sequence_length,
    )


def _read(path: Path) -> str:
    """Reads the file and deletes the lines that do not belong to the novel.

    Raises:
        CorruptDatasetError: If it does not have as many lines as it should, or is not UTF-8.
        DataRootError: If it cannot be read.
    """
    lines = read_file("tolstoi", path).splitlines(keepends=True)
    if len(lines) != NUM_LINES:
        raise CorruptDatasetError(
            f"{path} has {len(lines):,} lines instead of {NUM_LINES:,}: {way_out('tolstoi')}"
        )
    for first, last in DELETED_LINES:
        del lines[first - 1 : last]
    try:
        return b"".join(lines).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptDatasetError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): {way_out('tolstoi')}"
        ) from error


def _encode(text: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], str]:
    """Returns the text as numbers, and the characters by their numbers.

    Characters are sorted by descending count, and equally frequent ones by their first place in
    the text.
    """
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    characters, first, inverse, counts = np.unique(
        points, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    number = np.empty(len(order), dtype=np.uint8)
    number[order] = np.arange(len(order))
    return number[inverse], "".join(map(chr, characters[order].tolist()))
