import pytest
import torch

from deepobs.data import derive_seed


def test_the_same_arguments_give_the_same_seed_on_every_machine() -> None:
    """Recorded values: changing them would change every result ever recorded."""
    assert derive_seed(42, "order", 0) == 6300137992315864632
    assert derive_seed(0, "augmentation/train", 3) == 2094978168398144774


def test_seeds_differ_by_seed_stream_and_counters() -> None:
    """No two of many neighbouring streams share a seed."""
    seeds = {
        derive_seed(seed, stream, *counters)
        for seed in range(20)
        for stream in ("order", "augmentation/train", "dropout")
        for counters in ((), (0,), (1,), (0, 0), (1, 0), (0, 1))
    }
    assert len(seeds) == 20 * 3 * 6


def test_any_seed_is_good_for_a_generator() -> None:
    """The range is that of torch's generators."""
    for seed in range(200):
        derived = derive_seed(seed, "order")
        assert 0 <= derived < 2**63
        torch.Generator().manual_seed(derived)


def test_a_negative_seed_is_refused() -> None:
    """NumPy's seed sequences take no negative numbers."""
    with pytest.raises(ValueError, match="non-negative"):
        derive_seed(-1, "order")
