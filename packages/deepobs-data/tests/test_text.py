import math
import pickle
from typing import Any

import pytest
import torch

from deepobs.data import Phase, TextDataset


def counted(train: int = 100, test: int = 47, steps: int = 5) -> TextDataset:
    """A text whose character at place i is number i, so that it is seen where one comes from."""
    return TextDataset(
        "counted",
        train=torch.arange(train, dtype=torch.uint8),
        test=torch.arange(test, dtype=torch.uint8),
        vocabulary="".join(chr(65 + i) for i in range(train)),
        sequence_length=steps,
    )


@pytest.mark.parametrize("phase", ["train", "train_eval", "test"])
def test_rows_continue_each_other_from_batch_to_batch(phase: Phase) -> None:
    """Row n of a batch begins where row n of the batch before stopped."""
    batches = list(counted().batches(phase, batch_size=4))
    rows = torch.cat([batch.inputs for batch in batches], dim=1)
    assert torch.equal(rows - rows[:, :1], torch.arange(rows.shape[1]).expand(4, -1))
    # The rows divide the text.
    assert torch.equal(rows[:, 0], torch.arange(4) * rows.shape[1])


def test_targets_are_the_next_characters() -> None:
    """Also at the end of a window; both are int64 [N, T]."""
    for batch in counted().batches("test", batch_size=3):
        assert batch.targets is not None
        assert torch.equal(batch.targets, batch.inputs + 1)
        assert batch.inputs.dtype == batch.targets.dtype == torch.int64


def test_training_has_whole_windows_and_evaluation_also_the_rest() -> None:
    """100 characters in 4 rows: 4 windows of 5 for training (of 24.75), 24 characters in all."""
    data = counted()
    widths = {
        phase: [batch.inputs.shape[1] for batch in data.batches(phase, batch_size=4)]
        for phase in data.phases
    }
    assert widths == {"train": [5] * 4, "train_eval": [5] * 4 + [4], "test": [5, 5, 1]}
    for phase, expected in widths.items():
        assert data.num_batches(phase, 4) == len(expected)


def test_order_and_epochs_change_nothing() -> None:
    """A text is read from its beginning, always."""
    data = counted()
    one = list(data.batches("train", batch_size=4, seed=1, epoch=0))
    other = list(data.batches("train", batch_size=4, seed=2, epoch=5))
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(one, other, strict=True))


def test_starting_later_gives_what_is_left() -> None:
    """In every phase, the shorter window included."""
    data = counted()
    for phase in data.phases:
        whole = list(data.batches(phase, batch_size=4))
        rest = list(data.batches(phase, batch_size=4, start=2))
        assert len(rest) == len(whole) - 2
        assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(whole[2:], rest, strict=True))


def test_shards_are_rows() -> None:
    """Each process has the same rows in every batch, and together they have all."""
    data = counted()
    whole = list(data.batches("test", batch_size=5))
    shards = [list(data.batches("test", batch_size=5, shard=(rank, 2))) for rank in range(2)]
    for number, batch in enumerate(whole):
        parts = torch.cat([shard[number].inputs for shard in shards])
        assert torch.equal(parts, batch.inputs)


def test_the_validation_text_is_the_end_of_the_training_text() -> None:
    """Held out as one piece, and no longer trained on."""
    data = counted().with_validation(0.3)
    assert data.num_examples("train") == data.num_examples("train_eval") == 70
    assert data.num_examples("valid") == 30
    assert next(data.batches("valid", batch_size=1)).inputs[0, 0] == 70
    assert counted().with_validation().num_examples("valid") == 20


def test_a_second_validation_split_is_refused() -> None:
    """There can be only one."""
    with pytest.raises(ValueError, match="already"):
        counted().with_validation().with_validation()


def test_batches_are_on_the_device_that_the_text_was_moved_to() -> None:
    """to() returns a new value; the meta device stands for any other."""
    data = counted().with_validation()
    moved = data.to("meta")
    for phase in moved.phases:
        assert next(moved.batches(phase, batch_size=2)).inputs.is_meta
        assert not next(data.batches(phase, batch_size=2)).inputs.is_meta


def test_a_batch_belongs_to_its_receiver() -> None:
    """Changing it changes nothing else."""
    data = counted()
    for batch in data.batches("train", batch_size=4):
        batch.inputs.fill_(0)
    assert next(data.batches("train", batch_size=4)).inputs[0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be 1 or more, but is 0"),
        ({"batch_size": 1.5}, "batch_size must be a whole number, but is 1.5"),
        ({"epoch": "1"}, "epoch must be a whole number, but is '1'"),
        ({"start": None}, "start must be a whole number, but is None"),
        ({"batch_size": 100}, "100 rows is too large: phase train of counted has only 99"),
        ({"batch_size": 30}, "leave 3 characters each .* needs 5: choose a smaller batch_size"),
        ({"start": 5}, "between 0 and 4"),
        ({"shard": (1, 1)}, "shard"),
        ({"shard": (0, 5)}, "cannot be shared by 5"),
        ({"phase": "valid"}, r"with_validation\(\)"),
    ],
)
def test_impossible_batches_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    """The error comes from the call, not from the first batch."""
    asked: dict[str, Any] = {"phase": "train", "batch_size": 4, **arguments}
    with pytest.raises(ValueError, match=message):
        counted().batches(**asked)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (0, "must be 1 or more, but is 0"),
        (1.5, "must be a whole number, but is 1.5"),
        ("64", "must be a whole number, but is '64'"),
        (None, "must be a whole number, but is None"),
        (math.nan, "must be a whole number, but is nan"),
        (10**30, "must be less than the .* tokens of the training text"),
    ],
)
def test_impossible_lengths_are_refused(steps: Any, message: str) -> None:
    """When the data set is made."""
    with pytest.raises(ValueError, match=f"sequence_length {message}"):
        counted(steps=steps)


def test_pickling_keeps_everything() -> None:
    """A copy from a pickle yields the same batches."""
    data = counted().with_validation()
    copied = pickle.loads(pickle.dumps(data))
    for phase in data.phases:
        one = next(data.batches(phase, batch_size=2))
        assert torch.equal(one.inputs, next(copied.batches(phase, batch_size=2)).inputs)


def test_the_representation_names_the_phases() -> None:
    """It says what there is of it and where."""
    assert (
        repr(counted())
        == "TextDataset('counted', train=100, train_eval=100, test=47, device='cpu')"
    )
