import pytest
import torch

from ._numbered import joined, numbered


def test_validation_examples_are_not_trained_on() -> None:
    """The held-out part and the training part are disjoint and make up the training set."""
    data = numbered(40, 10, jitter=True).with_validation()
    held_out, _ = joined(list(data.batches("valid", batch_size=3)))
    train, _ = joined(list(data.batches("train", batch_size=1)))
    train_eval, _ = joined(list(data.batches("train_eval", batch_size=3)))
    assert len(held_out) == 8  # a fifth of 40, which is less than the test set's 10
    assert sorted(held_out + train) == list(range(40))
    assert not set(train_eval) & set(held_out)


def test_validation_examples_are_seen_as_test_examples_are() -> None:
    """They are not augmented."""
    data = numbered(jitter=True).with_validation(0.5)
    _, inputs = joined(list(data.batches("valid", batch_size=3)))
    assert torch.equal(inputs, inputs.round())


def test_the_validation_split_depends_on_its_seed_alone() -> None:
    """The same seed holds out the same examples, another one others."""

    def held_out(seed: int) -> list[int]:
        data = numbered().with_validation(0.3, seed=seed)
        return joined(list(data.batches("valid", batch_size=3)))[0]

    assert held_out(1) == held_out(1)
    assert held_out(1) != held_out(2)


def test_a_validation_split_leaves_the_original_alone() -> None:
    """with_validation returns a new value."""
    data = numbered()
    data.with_validation()
    assert data.phases == ("train", "train_eval", "test")
    assert data.num_examples("train") == 23


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 0.01, 0.99])
def test_a_validation_fraction_that_leaves_nothing_is_refused(fraction: float) -> None:
    """Neither part may be empty."""
    with pytest.raises(ValueError, match=r"fraction|empty"):
        numbered().with_validation(fraction)


def test_a_second_validation_split_is_refused() -> None:
    """There can be only one."""
    with pytest.raises(ValueError, match="already"):
        numbered().with_validation().with_validation()
