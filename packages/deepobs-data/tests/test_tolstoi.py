import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from deepobs.data import (
    CorruptDatasetError,
    Dataset,
    DatasetNotFoundError,
    Phase,
    TokenBlocks,
    tolstoi,
)
from deepobs.data.testing import write_stand_in

FILE = "tolstoi/war-and-peace.txt"


def digest(tokens: torch.Tensor) -> str:
    return hashlib.sha256(tokens.to(torch.int64).contiguous().numpy().tobytes()).hexdigest()


@pytest.fixture
def real(real_root: Callable[[str], Path]) -> Any:
    return tolstoi(root=real_root(FILE))


@pytest.mark.benchmark_data
def test_the_vocabulary_equals_the_original(real: Any, golden: dict[str, Any]) -> None:
    """83 characters by frequency, ties by first appearance."""
    expected = [character for character, _ in golden["tolstoi"]["vocabulary_in_id_order"]]
    assert list(real.vocabulary) == expected
    assert real.num_classes == golden["tolstoi"]["vocabulary_size"] == 83


def whole(data: Dataset, phase: Phase) -> torch.Tensor:
    """All characters of a phase: the inputs in one row, and the last target."""
    batches = list(data.batches(phase, batch_size=1))
    assert batches[-1].targets is not None
    return torch.cat([*(batch.inputs[0] for batch in batches), batches[-1].targets[0, -1:]])


@pytest.mark.benchmark_data
@pytest.mark.parametrize("phase", ["train_eval", "test"])
def test_the_split_equals_the_original(real: Any, golden: dict[str, Any], phase: Phase) -> None:
    """Every character of both parts, as numbers."""
    expected = golden["tolstoi"]["train" if phase == "train_eval" else phase]
    tokens = whole(real, phase)
    assert real.num_examples(phase) == len(tokens) == expected["size"]
    assert tokens[:100].tolist() == expected["first100"]
    assert tokens[-100:].tolist() == expected["last100"]
    assert digest(tokens) == expected["sha256_int64"]


@pytest.mark.benchmark_data
def test_training_batches_equal_the_original(real: Any, golden: dict[str, Any]) -> None:
    """All 1,045 of them at batch size 50, and the last targets."""
    expected = golden["tolstoi"]["batch_size_50"]["train"]
    batches = list(real.batches("train", batch_size=50))
    assert len(batches) == real.num_batches("train", 50) == expected["batches"]
    inputs = torch.stack([batch.inputs for batch in batches])
    assert digest(inputs) == expected["sha256_of_all_x_int64"]
    assert batches[0].targets[0, :10].tolist() == expected["y_0_0"]
    assert batches[-1].targets[-1, -10:].tolist() == expected["y_last_last"]


@pytest.mark.benchmark_data
def test_evaluation_begins_as_the_original_and_leaves_out_next_to_nothing(
    real: Any, golden: dict[str, Any]
) -> None:
    """The first row is the original's; fewer characters than rows are not seen."""
    expected = golden["tolstoi"]["batch_size_50"]["test"]
    batches = list(real.batches("test", batch_size=50))
    assert batches[0].inputs[0, :10].tolist() == expected["x_0_0"]
    assert len(batches) == expected["batches"] + 1
    seen = sum(batch.inputs.numel() for batch in batches)
    assert 0 <= real.num_examples("test") - 1 - seen < 50


def test_the_lines_that_are_not_the_novel_are_deleted(tmp_path: Path) -> None:
    """What is left of a stand-in are its title and its body, all 63,849 lines of them."""
    data = tolstoi(root=write_stand_in("tolstoi", tmp_path))
    tokens = torch.cat([whole(data, "train_eval"), whole(data, "test")]).tolist()
    text = "".join(data.vocabulary[number] for number in tokens)
    lines = text.splitlines()
    assert len(lines) == 63_849
    assert "front" not in text
    assert "back" not in text
    assert len(set(lines[0])) == 81  # the stand-in's first line has every character once


def test_characters_are_numbered_by_frequency(tmp_path: Path) -> None:
    """In the stand-in most lines are empty: CR and LF come first, in the order of appearance."""
    data = tolstoi(root=write_stand_in("tolstoi", tmp_path))
    assert data.vocabulary[:2] == "\r\n"
    assert len(set(data.vocabulary)) == 83


def test_the_length_of_a_window_can_be_chosen(tmp_path: Path) -> None:
    """It is 50 unless told."""
    root = write_stand_in("tolstoi", tmp_path)
    assert next(tolstoi(root=root).batches("train", batch_size=2)).inputs.shape == (2, 50)
    data = tolstoi(root=root, sequence_length=7)
    assert next(data.batches("train", batch_size=2)).inputs.shape == (2, 7)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[: len(content) // 2], "lines instead of 65,007"),
        (lambda content: b"", "0 lines instead of 65,007"),
        (lambda content: content.replace(b"$", b"\xff", 3), "not UTF-8"),
        (lambda content: content.replace(b"$", b"%"), "82 different characters instead of 83"),
    ],
    ids=["half", "empty", "broken bytes", "a character less"],
)
def test_a_damaged_file_is_named_with_the_way_out(
    tmp_path: Path, damage: Callable[[bytes], bytes], reason: str
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    path = write_stand_in("tolstoi", tmp_path) / FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptDatasetError) as caught:
        tolstoi(root=tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert reason in message
    assert message.endswith("delete it and run `deepobs data prepare tolstoi`.")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the command that fetches it."""
    with pytest.raises(DatasetNotFoundError, match=r"war-and-peace.txt.*prepare tolstoi"):
        tolstoi(root=tmp_path)


def test_blocks_of_the_same_text(tmp_path: Path) -> None:
    """For models without memory: random blocks for training, numbered in the same way."""
    root = write_stand_in("tolstoi", tmp_path)
    rows, blocks = tolstoi(root=root), tolstoi(root=root, blocks=True, sequence_length=64)
    assert isinstance(blocks, TokenBlocks)
    assert blocks.vocabulary == rows.vocabulary
    assert torch.equal(blocks._texts["test"], rows._texts["test"])
    assert next(blocks.batches("train", batch_size=12)).inputs.shape == (12, 64)
