from typing import Any

import pytest
import torch
from torch import Tensor

from deepobs.data import Facts, Phase, TokenBlocks


def counted(train: int = 103, test: int = 37, length: int = 5) -> TokenBlocks:
    """A text whose token i is i; the test text begins with 120."""
    return TokenBlocks(
        "counted",
        train=torch.arange(train).to(torch.uint8),
        test=(120 + torch.arange(test)).to(torch.uint8),
        vocabulary="".join(map(chr, range(200))),
        sequence_length=length,
    )


def starts(data: TokenBlocks, phase: Phase, **options: Any) -> list[int]:
    """Where the blocks of a pass begin, all of them checked to be consecutive tokens."""
    found: list[int] = []
    for inputs, targets in data.batches(phase, **{"batch_size": 4, **options}):
        expected: Tensor = inputs[:, :1] + torch.arange(data.sequence_length)
        assert torch.equal(inputs, expected)
        assert torch.equal(targets, expected + 1)
        assert inputs.dtype == targets.dtype == torch.int64
        found += inputs[:, 0].tolist()
    return found


def test_evaluation_goes_through_consecutive_whole_blocks() -> None:
    """Every target once, but for the incomplete block at the end."""
    data = counted().with_validation(0.3)
    assert starts(data, "test") == [120 + 5 * i for i in range(7)]
    first = 103 - round(0.3 * 103)
    assert starts(data, "valid") == [first + 5 * i for i in range(6)]
    assert data.num_examples("test") == 7
    assert data.num_batches("test", 4) == 2


def test_training_draws_blocks_from_anywhere() -> None:
    """All places occur, the last one too, and each pass has as many batches as the text fills."""
    data = counted()
    assert data.num_batches("train", 4) == 20 // 4
    seen = [place for epoch in range(100) for place in starts(data, "train", epoch=epoch)]
    assert len(seen) == 100 * 20
    assert set(seen) == set(range(103 - 5))


def test_an_epochs_blocks_are_a_function_of_seed_and_epoch() -> None:
    """The same seed and epoch repeat them, others give others."""
    data = counted()
    first = starts(data, "train", seed=1, epoch=2)
    assert first == starts(data, "train", seed=1, epoch=2)
    assert first != starts(data, "train", seed=2, epoch=2)
    assert first != starts(data, "train", seed=1, epoch=3)


def test_train_eval_is_a_fixed_part_of_the_training_text() -> None:
    """As many consecutive blocks as the test text has, chosen by the seed alone."""
    data = counted()
    blocks = starts(data, "train_eval")
    assert len(blocks) == data.num_examples("train_eval") == 7
    assert blocks == sorted(set(blocks))
    assert all(start % 5 == 0 and start < 100 for start in blocks)
    assert blocks == starts(data, "train_eval", epoch=3)
    assert blocks != starts(data, "train_eval", seed=43)


@pytest.mark.parametrize("phase", ["train", "train_eval", "test"])
def test_starting_later_and_sharding(phase: Phase) -> None:
    """The rest of a pass and the parts of its batches are those of the whole pass."""
    data = counted()
    whole = starts(data, phase, epoch=1)
    assert starts(data, phase, epoch=1, start=1) == whole[4:]
    parts = [starts(data, phase, epoch=1, shard=(rank, 2)) for rank in (0, 1)]
    assert sorted(parts[0] + parts[1]) == sorted(whole)


def test_steps_go_on_over_epochs() -> None:
    """Steps 3 to 12 are the last two batches of epoch 0, all of epoch 1 and two of epoch 2."""
    data = counted()
    whole = [
        b.inputs for epoch in range(3) for b in data.batches("train", batch_size=4, epoch=epoch)
    ]
    steps = [batch.inputs for batch in data.steps(3, 12, batch_size=4)]
    assert len(steps) == 9
    assert all(map(torch.equal, steps, whole[3:12]))


def test_the_facts_of_a_text() -> None:
    """A language model needs the vocabulary's size and the length of its context."""
    assert counted().facts == Facts(num_classes=200, vocabulary_size=200, sequence_length=5)
