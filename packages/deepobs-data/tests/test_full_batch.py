import pytest
import torch

from deepobs.data import Batch, Facts, FullBatchDataset, Phase


def graph(examples: int, *, nodes: int = 9) -> Batch:
    features, edges = torch.eye(nodes), torch.zeros(2, 17, dtype=torch.int64)
    return Batch((features, edges, torch.arange(examples)), torch.arange(examples))


def data() -> FullBatchDataset:
    return FullBatchDataset(
        "graph", train=graph(5), test=graph(3), valid=graph(2), facts=Facts(num_nodes=9)
    )


def test_every_phase_is_one_batch() -> None:
    """An epoch is one step, and every epoch gives the same batch."""
    full = data().with_validation()
    sizes: dict[Phase, int] = {"train": 5, "train_eval": 5, "valid": 2, "test": 3}
    for phase, examples in sizes.items():
        assert full.num_examples(phase) == examples
        assert full.num_batches(phase, 5) == 1
        for epoch in (0, 3):
            (batch,) = full.batches(phase, batch_size=5, seed=epoch, epoch=epoch)
            assert batch.num_examples == examples
            assert batch.inputs[0].shape == (9, 9)


def test_steps_count_epochs() -> None:
    """Ten steps are ten batches."""
    assert len(list(data().steps(0, 10, batch_size=5))) == 10


def test_starting_after_the_batch_leaves_nothing() -> None:
    """As a run does that stopped at the end of an epoch."""
    assert list(data().batches("train", batch_size=5, start=1)) == []


def test_another_batch_size_is_refused_for_training() -> None:
    """The message says which one there is; evaluation takes any."""
    for size in (4, 6):
        with pytest.raises(ValueError, match="one batch of 5 examples: choose that batch_size"):
            data().num_batches("train", size)
    assert data().num_batches("test", 2) == 1


def test_each_process_takes_the_whole_batch() -> None:
    """A graph cannot be divided; the mean of equal gradients is the gradient."""
    for rank in (0, 1):
        (batch,) = data().batches("train", batch_size=5, shard=(rank, 2))
        assert batch.num_examples == 5


def test_moving_keeps_the_training_batch_shared() -> None:
    """`train_eval` is the training batch, once in memory."""
    moved = data().to("cpu").with_validation()
    train, again = (next(moved.batches(p, batch_size=5)) for p in ("train", "train_eval"))
    assert train is again
    assert moved.to("meta").device == torch.device("meta")
    assert next(moved.to("meta").batches("valid", batch_size=5)).inputs[0].is_meta


def test_validation_is_the_data_sets_own() -> None:
    """There is nothing to hold out, so the fraction does not matter."""
    assert data().phases == ("train", "train_eval", "test")
    assert data().with_validation(0.5).num_examples("valid") == 2
    without = FullBatchDataset("graph", train=graph(5), test=graph(3))
    with pytest.raises(ValueError, match="has no validation set"):
        without.with_validation()
    with pytest.raises(ValueError, match="already"):
        data().with_validation().with_validation()


def test_there_are_no_single_examples() -> None:
    """The message says what there is."""
    with pytest.raises(ValueError, match="iterate over `batches`"):
        data().examples("train")
    assert data().arrays("test").targets.tolist() == [0, 1, 2]


def test_the_facts_are_those_given() -> None:
    """With the number of classes also on the data set."""
    assert data().facts == Facts(num_nodes=9)
    assert data().num_classes is None
