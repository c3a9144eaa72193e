from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from deepobs.data import Apply, ArrayDataset, Arrays, Batch, Copy, Phase, load_dataset


class Row(NamedTuple):
    number: Tensor
    pair: tuple[Tensor, Tensor]


def table(rows: int = 23, first: int = 0) -> Arrays:
    """Examples whose every value is their number."""
    numbers = first + torch.arange(rows)
    inputs = {
        "numbers": numbers[:, None].repeat(1, 3).to(torch.float32),
        "categories": numbers.to(torch.int16),
        "nested": Row(numbers.to(torch.float32), (numbers, numbers[:, None].to(torch.uint8))),
    }
    return Arrays(inputs, {"value": numbers.to(torch.float32), "label": numbers.to(torch.int16)})


def nested(**options: object) -> ArrayDataset:
    arguments = {"transform": Copy(), "num_classes": None} | options
    return ArrayDataset("table", train=table(), test=table(10, 100), **arguments)  # type: ignore[arg-type]


def leaves(batch: Batch) -> list[Tensor]:
    inputs, targets = batch
    row = inputs["nested"]
    assert isinstance(row, Row)
    return [
        inputs["numbers"][:, 0],
        inputs["categories"],
        row.number,
        row.pair[0],
        row.pair[1][:, 0],
        targets["value"],
        targets["label"],
    ]


@pytest.mark.parametrize("phase", ["train", "train_eval", "valid", "test"])
def test_all_tensors_of_a_batch_belong_to_the_same_examples(phase: Phase) -> None:
    """Gathering, splitting and sharding keep a nested structure's rows together."""
    data = nested().with_validation(0.4)
    flat = ArrayDataset(
        "flat",
        train=Arrays(torch.arange(23.0)),
        test=Arrays(torch.arange(100.0, 110.0)),
        num_classes=None,
        transform=Copy(),
    ).with_validation(0.4)
    for shard in ((0, 1), (1, 2)):
        asked: dict[str, Any] = {"batch_size": 4, "epoch": 2, "start": 1, "shard": shard}
        expected = [batch.inputs for batch in flat.batches(phase, **asked)]
        batches = list(data.batches(phase, **asked))
        for batch, numbers in zip(batches, expected, strict=True):
            assert all(torch.equal(leaf.to(torch.float32), numbers) for leaf in leaves(batch))
            assert batch.num_examples == len(numbers)


def test_integer_targets_become_int64_and_values_stay_floats() -> None:
    """Labels are what losses expect; a regression's targets are not rounded."""
    targets = next(nested().batches("train", batch_size=4)).targets
    assert targets["label"].dtype == torch.int64
    assert targets["value"].dtype == torch.float32


def test_a_nested_batch_does_not_share_memory_with_the_data() -> None:
    """Changing a batch in place changes no later one."""
    data = nested()
    batch = next(data.batches("test", batch_size=4))
    for leaf in leaves(batch):
        leaf.zero_()
    again = next(data.batches("test", batch_size=4))
    assert leaves(again)[0].tolist() == [100, 101, 102, 103]
    assert leaves(again)[5].tolist() == [100, 101, 102, 103]


def test_a_transform_may_be_a_function_of_the_structure() -> None:
    """It gets the inputs of a whole batch."""
    data = nested().with_transform(lambda inputs: inputs["numbers"] * 2)
    assert next(data.batches("test", batch_size=2)).inputs.tolist() == [[200] * 3, [202] * 3]


def test_a_separate_transform_for_training() -> None:
    """`train` and `train_eval` see it, `valid` and `test` do not."""
    data = nested().with_validation(0.4)
    data = data.with_transform(Apply(lambda _: torch.zeros(1)), train=lambda _: torch.ones(1))
    seen = {p: float(next(data.batches(p, batch_size=1)).inputs) for p in data.phases}
    assert seen == {"train": 1, "train_eval": 1, "valid": 0, "test": 0}


def test_moving_moves_every_tensor() -> None:
    """Data sets and batches."""
    data = nested().to("meta")
    assert data.device == torch.device("meta")
    arrays = data.arrays("test")
    assert {leaf.device.type for leaf in leaves(Batch(*arrays))} == {"meta"}
    batch = next(nested().batches("test", batch_size=4)).to("meta")
    assert {leaf.device.type for leaf in leaves(batch)} == {"meta"}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_the_chunks_of_a_batch_make_the_batch(count: int) -> None:
    """As `Tensor.chunk`: of almost equal size, and at most as many as there are examples."""
    batch = next(nested().batches("test", batch_size=7))
    chunks = batch.chunk(count)
    assert [c.num_examples for c in chunks] == [len(c) for c in torch.arange(7).chunk(count)]
    for number, leaf in enumerate(leaves(batch)):
        assert torch.equal(torch.cat([leaves(chunk)[number] for chunk in chunks]), leaf)


def test_chunks_without_targets() -> None:
    """A batch without targets has chunks without targets."""
    batch = next(load_dataset("quadratic").batches("test", batch_size=5))
    assert [(len(c.inputs), c.targets) for c in batch.chunk(2)] == [(3, None), (2, None)]


def test_what_has_no_common_first_axis_cannot_be_chunked() -> None:
    """A graph's nodes and edges, say."""
    batch = Batch((torch.zeros(5, 2), torch.zeros(2, 9)), torch.zeros(5))
    with pytest.raises(ValueError, match=r"\(5, 2\), \(2, 9\), \(5,\)"):
        batch.chunk(2)


@pytest.mark.parametrize(
    "arrays",
    [
        Arrays(torch.zeros(5), torch.zeros(4)),
        Arrays((torch.zeros(5), torch.zeros(4))),
        Arrays(torch.tensor(1.0)),
        Arrays({}),
    ],
)
def test_examples_that_do_not_fit_together_are_refused(arrays: Arrays) -> None:
    """All tensors need the examples on their first axis."""
    with pytest.raises(ValueError, match="first axis"):
        ArrayDataset("odd", train=arrays, test=table(), num_classes=None, transform=Copy())
