"""Tiny Shakespeare, character by character."""

from __future__ import annotations

import bz2

import numpy as np
import torch

from ._embedded import open_embedded
from ._text import TokenBlocks

NUM_TRAIN = 1_003_854  # the first 90 % of the characters


def tiny_shakespeare(*, sequence_length: int = 64) -> TokenBlocks:
    """Loads Tiny Shakespeare: 1,003,854 characters for training, 111,540 for testing, 65 different.

    Split and numbering are those of nanoGPT: characters are numbered in the order of their code
    points. The text comes with this package; origin and licence are in `embedded/ORIGIN.md`.

    Args:
        sequence_length: T, the number of characters of a block.

    Returns:
        Inputs and targets `[N, T]`.

    Source: Karpathy. The unreasonable effectiveness of recurrent neural networks. 2015.
    """
    with open_embedded("tiny_shakespeare.txt.bz2") as file:
        text = np.frombuffer(bz2.decompress(file.read()), dtype=np.uint8)
    characters, numbers = np.unique(text, return_inverse=True)
    tokens = torch.from_numpy(numbers.astype(np.uint8))
    return TokenBlocks(
        "tiny_shakespeare",
        train=tokens[:NUM_TRAIN],
        test=tokens[NUM_TRAIN:],
        vocabulary=characters.tobytes().decode("ascii"),
        sequence_length=sequence_length,
    )
