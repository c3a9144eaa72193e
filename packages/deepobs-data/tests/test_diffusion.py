import math

import pytest
import torch
from torch.utils.data import DataLoader

from deepobs.data import Batch, DiffusionDataset, Phase, load_dataset


def data(num_steps: int = 1000) -> DiffusionDataset:
    return DiffusionDataset(load_dataset("digits"), num_steps=num_steps)


def batches(phase: Phase = "train", **arguments) -> list[Batch]:
    return list(data().batches(phase, **({"batch_size": 100} | arguments)))


def same(one: Batch, other: Batch) -> bool:
    return all(map(torch.equal, one.inputs, other.inputs))


def test_a_batch_has_images_noise_and_steps() -> None:
    """The images are those of the data set in their order; the targets are the noise."""
    images = load_dataset("digits").batches("train", batch_size=100)
    for plain, batch in zip(images, batches(), strict=True):
        assert torch.equal(batch.inputs.images, plain.inputs)
        assert torch.equal(batch.targets, batch.inputs.noise)
        assert batch.inputs.noise.shape == (100, 1, 8, 8)
        assert batch.inputs.steps.shape == (100,)
        assert batch.inputs.steps.dtype == torch.int64
        assert batch.num_examples == 100


def test_noise_is_standard_normal_and_steps_are_uniform() -> None:
    """Mean, variance and range, within five standard errors of n draws."""
    drawn = batches()
    noise = torch.cat([batch.targets.flatten() for batch in drawn])
    assert abs(noise.mean()) < 5 / math.sqrt(len(noise))
    assert abs(noise.var() - 1) < 5 * math.sqrt(2 / len(noise))
    few = [batch.inputs.steps for batch in data(num_steps=3).batches("train", batch_size=700)]
    counts = torch.cat(few).bincount()
    assert len(counts) == 3
    assert (counts / counts.sum() - 1 / 3).abs().max() < 5 * math.sqrt(2 / 9 / counts.sum())


def test_an_epoch_is_continued_with_the_same_noise() -> None:
    """From any batch on; another epoch or seed has other noise."""
    whole = batches(epoch=2)
    rest = batches(epoch=2, start=6)
    assert len(rest) == len(whole) - 6
    assert all(map(same, rest, whole[6:]))
    assert not torch.equal(whole[0].targets, whole[1].targets)
    assert not torch.equal(batches(epoch=3)[0].targets, whole[0].targets)
    assert not torch.equal(batches(epoch=2, seed=1)[0].targets, whole[0].targets)


@pytest.mark.parametrize("phase", ["train_eval", "valid", "test"])
def test_every_evaluation_has_the_same_noise(phase: Phase) -> None:
    """In every epoch, and other noise than the other phases have."""
    held = data().with_validation()
    first, later = (list(held.batches(phase, batch_size=100, epoch=epoch)) for epoch in (0, 7))
    assert all(map(same, first, later))
    assert sum(batch.num_examples for batch in first) == held.num_examples(phase)
    assert not torch.equal(first[0].targets, batches()[0].targets)


def test_processes_share_the_noise_of_a_batch() -> None:
    """Their parts one after the other are the batch; an empty one is left out."""
    cases: tuple[tuple[Phase, int], ...] = (("train", 100), ("test", 179))
    for phase, size in cases:
        whole = batches(phase, batch_size=size)
        parts = [batches(phase, batch_size=size, shard=(rank, 3)) for rank in range(3)]
        for number, batch in enumerate(whole):
            shares = [part[number].inputs for part in parts if number < len(part)]
            joined = [torch.cat(pieces) for pieces in zip(*shares, strict=True)]
            assert all(map(torch.equal, joined, batch.inputs))
    assert [len(part) for part in parts] == [2, 3, 3]  # the last batch has two examples


def test_single_examples_for_a_data_loader() -> None:
    """Noise comes from torch's global generator, as torchvision's transforms draw."""
    examples = data().examples("test")
    torch.manual_seed(0)
    first = next(iter(DataLoader(examples, batch_size=16)))
    torch.manual_seed(0)
    again = next(iter(DataLoader(examples, batch_size=16)))
    assert first[0].images.shape == first[1].shape == (16, 1, 8, 8)
    assert all(map(torch.equal, first[0], again[0]))
    assert first[0].steps.max() < 1000


def test_stored_images_and_transforms_are_those_of_the_images() -> None:
    """Without noise; another transform changes the images alone."""
    assert data().arrays("test").inputs.dtype == torch.uint8
    assert data().arrays("test").targets is None
    negative = data().with_transform(lambda images: -images.float())
    (inputs, _) = next(negative.batches("test", batch_size=10))
    assert inputs.images.min() == -16
    assert torch.equal(inputs.noise, batches("test", batch_size=10)[0].targets)


def test_it_moves_to_another_device() -> None:
    """Images, noise and steps."""
    batch = next(data().to("meta").batches("test", batch_size=10))
    assert {tensor.device.type for tensor in (*batch.inputs, batch.targets)} == {"meta"}


@pytest.mark.parametrize("steps", [0, 1.5])
def test_a_number_of_steps_out_of_range_is_refused(steps) -> None:
    """The message states the least."""
    with pytest.raises(ValueError, match="num_steps must be"):
        data(num_steps=steps)
