import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from deepobs.data import ArrayDataset, Arrays, Copy, Phase, Scale, _batches

from ._numbered import joined, numbered


def test_training_drops_the_incomplete_batch_and_the_others_use_every_example() -> None:
    """The numbers of examples and batches are those that a pass yields."""
    data = numbered().with_validation(0.2)
    expected: dict[Phase, tuple[int, list[int]]] = {
        "train": (18, [4] * 4),
        "train_eval": (10, [4, 4, 2]),
        "valid": (5, [4, 1]),
        "test": (10, [4, 4, 2]),
    }
    for phase, (examples, sizes) in expected.items():
        assert data.num_examples(phase) == examples
        assert [len(batch.inputs) for batch in data.batches(phase, batch_size=4)] == sizes
        assert data.num_batches(phase, 4) == len(sizes)


def test_inputs_and_targets_stay_together() -> None:
    """Every phase pairs an example with its own target, as int64."""
    data = numbered().with_validation(0.2)
    for phase in data.phases:
        for batch in data.batches(phase, batch_size=4):
            assert batch.targets is not None
            assert batch.targets.dtype == torch.int64
            assert torch.equal(batch.inputs[:, 0], batch.targets.to(torch.float32))


def test_an_epoch_of_training_sees_each_example_at_most_once() -> None:
    """The order is a permutation, of which only the incomplete batch is missing."""
    seen, _ = joined(list(numbered().batches("train", batch_size=4)))
    assert len(set(seen)) == len(seen) == 20
    assert set(seen) <= set(range(23))


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    """The same seed and epoch repeat an order, another seed or epoch gives another."""
    data = numbered()

    def order(seed: int, epoch: int) -> list[int]:
        return joined(list(data.batches("train", batch_size=4, seed=seed, epoch=epoch)))[0]

    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_the_augmentation_is_a_function_of_seed_and_epoch() -> None:
    """The same epoch repeats its draws, the next has others."""
    data = numbered(jitter=True)

    def epoch(number: int) -> Tensor:
        inputs = joined(list(data.batches("train", batch_size=4, epoch=number)))[1]
        return inputs.frac()

    assert torch.equal(epoch(3), epoch(3))
    assert not torch.equal(epoch(3), epoch(4))


def test_train_eval_is_the_same_part_of_the_training_set_at_every_epoch() -> None:
    """Its examples and their augmentation depend on the seed alone, and none occurs twice."""
    data = numbered(jitter=True)

    def batches(seed: int, epoch: int) -> tuple[list[int], Tensor]:
        return joined(list(data.batches("train_eval", batch_size=4, seed=seed, epoch=epoch)))

    numbers, inputs = batches(42, 0)
    assert len(set(numbers)) == len(numbers) == 10
    assert set(numbers) <= set(range(23))
    assert numbers == batches(42, 5)[0]
    assert torch.equal(inputs, batches(42, 5)[1])
    assert numbers != batches(43, 0)[0]


def test_the_test_set_comes_as_it_is_stored() -> None:
    """Neither seed nor epoch change it."""
    numbers, _ = joined(list(numbered().batches("test", batch_size=4, seed=7, epoch=3)))
    assert numbers == list(range(1000, 1010))


@pytest.mark.parametrize("phase", ["train", "train_eval", "valid", "test"])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_starting_later_gives_what_is_left(phase: Phase, start: int) -> None:
    """The batches from `start` on equal those of the whole pass, draws included."""
    data = numbered(jitter=True).with_validation(0.4)
    whole = list(data.batches(phase, batch_size=4, epoch=1))
    rest = list(data.batches(phase, batch_size=4, epoch=1, start=start))
    assert len(rest) == len(whole) - start
    for one, other in zip(whole[start:], rest, strict=True):
        assert torch.equal(one.inputs, other.inputs)


@pytest.mark.parametrize("world", [2, 3])
@pytest.mark.parametrize("phase", ["train", "train_eval", "test"])
def test_the_shards_of_a_batch_make_the_batch(phase: Phase, world: int) -> None:
    """Put together in the order of the ranks, the parts equal the whole batch, draws included."""
    data = numbered(jitter=True)
    whole = list(data.batches(phase, batch_size=4, epoch=2, start=1))
    shards = [
        list(data.batches(phase, batch_size=4, epoch=2, start=1, shard=(rank, world)))
        for rank in range(world)
    ]
    for number, batch in enumerate(whole):
        parts = [shard[number].inputs for shard in shards if number < len(shard)]
        if len(batch.inputs) >= world:
            assert torch.equal(torch.cat(parts), batch.inputs)
    assert sum(len(part.inputs) for shard in shards for part in shard) == sum(
        len(batch.inputs) for batch in whole
    )


def test_an_empty_shard_is_left_out() -> None:
    """A last batch of one example goes to one of two processes, the other gets no empty batch."""
    data = numbered(test=5)
    sizes = [
        [len(batch.inputs) for batch in data.batches("test", batch_size=4, shard=(rank, 2))]
        for rank in range(2)
    ]
    assert sizes == [[2], [2, 1]]


def test_a_batch_belongs_to_its_receiver() -> None:
    """Changing what was received changes neither the data set nor the batches that follow."""
    data = numbered()
    for phase in ("train", "test"):
        before = joined(list(data.batches(phase, batch_size=4)))
        for batch in data.batches(phase, batch_size=4):
            batch.inputs.fill_(-1)
            assert batch.targets is not None
            batch.targets.fill_(-1)
        after = joined(list(data.batches(phase, batch_size=4)))
        assert before[0] == after[0]
        assert torch.equal(before[1], after[1])


def test_how_many_batches_are_gathered_at_once_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gathering one, two or all batches at a time gives the same batches."""
    data = numbered(jitter=True)
    results = []
    for size in (1, 70, 10_000):
        monkeypatch.setattr(_batches, "GATHERED_BYTES", size)
        results.append(joined(list(data.batches("train", batch_size=4))))
    assert results[0][0] == results[1][0] == results[2][0]
    assert torch.equal(results[0][1], results[1][1])
    assert torch.equal(results[0][1], results[2][1])


def test_global_random_state_is_neither_read_nor_changed() -> None:
    """Batches are the same whatever torch's generator did, and leave it where it was."""
    data = numbered(jitter=True)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one = joined(list(data.batches("train", batch_size=4)))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    other = joined(list(data.batches("train", batch_size=4)))
    assert torch.equal(one[1], other[1])


def test_batches_are_on_the_device_that_the_data_was_moved_to() -> None:
    """to() returns a new value; the meta device stands for any other."""
    data = numbered().with_validation()
    moved = data.to("meta")
    assert moved.device.type == "meta"
    assert data.device.type == "cpu"
    for phase in moved.phases:
        batch = next(moved.batches(phase, batch_size=4))
        assert batch.inputs.is_meta
        assert batch.targets is not None
        assert batch.targets.is_meta
        assert not next(data.batches(phase, batch_size=4)).inputs.is_meta


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_equal_those_on_the_cpu() -> None:
    """The same order and the same draws."""
    data = numbered(jitter=True).with_validation()
    for phase in data.phases:
        one = joined(list(data.batches(phase, batch_size=4, epoch=1)))
        other = joined(list(data.to("cuda").batches(phase, batch_size=4, epoch=1)))
        assert one[0] == other[0]
        assert torch.equal(one[1], other[1].cpu())


def test_a_data_set_without_targets_yields_none() -> None:
    """Every batch then has inputs only."""
    inputs = torch.zeros(9, 2)
    data = ArrayDataset(
        "bare", train=Arrays(inputs), test=Arrays(inputs), num_classes=None, transform=Copy()
    )
    for phase in data.phases:
        assert [batch.targets for batch in data.batches(phase, batch_size=3)] == [None] * 3


def test_pickling_keeps_everything() -> None:
    """A copy from a pickle yields the same batches."""
    data = numbered(jitter=True).with_validation()
    copied = pickle.loads(pickle.dumps(data))
    for phase in data.phases:
        one = joined(list(data.batches(phase, batch_size=4)))
        other = joined(list(copied.batches(phase, batch_size=4)))
        assert torch.equal(one[1], other[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phase": "eval"}, "'eval'.*train, train_eval, test"),
        ({"phase": "valid"}, r"with_validation\(\)"),
        ({"batch_size": 0}, "batch_size must be 1 or more"),
        ({"batch_size": 24}, "24 is larger than the training set of numbered, which has 23"),
        ({"epoch": -1}, "epoch must be 0 or more"),
        ({"start": 6}, "between 0 and 5"),
        ({"start": -1}, "between 0 and 5"),
        ({"shard": (2, 2)}, "shard"),
        ({"shard": (-1, 2)}, "shard"),
        ({"shard": (0, 5)}, "cannot be shared by 5"),
    ],
)
def test_impossible_batches_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    """The error comes from the call, not from the first batch."""
    asked: dict[str, Any] = {"phase": "train", "batch_size": 4, **arguments}
    with pytest.raises(ValueError, match=message):
        numbered().batches(**asked)


def test_pixels_are_stored_as_bytes() -> None:
    """A transform sees what is stored, and makes floats of it."""
    pixels = torch.arange(256, dtype=torch.uint8).view(8, 1, 4, 8)
    data = ArrayDataset(
        "bytes", train=Arrays(pixels), test=Arrays(pixels), num_classes=None, transform=Scale(255)
    )
    batch = next(data.batches("test", batch_size=8))
    torch.testing.assert_close(batch.inputs, pixels / 255)


def test_the_representation_names_the_phases() -> None:
    """It says what there is of it and where."""
    text = repr(numbered().with_validation(0.2))
    assert text == (
        "ArrayDataset('numbered', train=18, train_eval=10, valid=5, test=10, device='cpu')"
    )
