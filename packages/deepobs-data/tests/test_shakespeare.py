import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from deepobs.data import load_dataset, tiny_shakespeare

SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def text(data: Any) -> str:
    """The whole text, put together again from the numbers."""
    numbers = torch.cat([data._texts["train"], data._texts["test"]]).tolist()
    return "".join(map(data.vocabulary.__getitem__, numbers))


def test_the_text_is_the_original() -> None:
    """Its checksum is that of karpathy/char-rnn's file."""
    content = text(tiny_shakespeare()).encode("ascii")
    assert len(content) == 1_115_394
    assert hashlib.sha256(content).hexdigest() == SHA256


@pytest.mark.benchmark_data
def test_the_text_is_the_real_file(real_root: Any) -> None:
    """Byte for byte."""
    path: Path = real_root("tinyshakespeare/input.txt") / "tinyshakespeare/input.txt"
    assert text(tiny_shakespeare()) == path.read_text()


def test_split_and_numbers_are_nanogpts() -> None:
    """90 % for training, 65 characters in the order of their code points."""
    data = tiny_shakespeare()
    assert [len(data._texts[phase]) for phase in ("train", "test")] == [1_003_854, 111_540]
    assert data.vocabulary == "".join(sorted(data.vocabulary))
    assert data.vocabulary[:4] == "\n !$"
    assert data.facts.vocabulary_size == 65
    assert data.facts.sequence_length == 64
    assert data.num_examples("test") == (111_540 - 1) // 64


def test_the_length_of_a_block_can_be_chosen() -> None:
    """By an option of the function, or of `load_dataset`."""
    data = load_dataset("tiny_shakespeare", sequence_length=256)
    assert next(data.batches("train", batch_size=3)).inputs.shape == (3, 256)
