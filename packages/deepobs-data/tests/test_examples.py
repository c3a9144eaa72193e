from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader

from deepobs.data import (
    DATASETS,
    Batch,
    Dataset,
    FullBatchDataset,
    GraphDataset,
    RolloutDataset,
    load_dataset,
)
from deepobs.data.testing import write_stand_in


def test_a_data_loader_goes_through_the_training_examples() -> None:
    """All 1,437 digits, each with its label, transformed."""
    data = load_dataset("digits")
    loader = DataLoader(data, batch_size=100)
    inputs, targets = zip(*loader, strict=True)
    assert len(data) == 1437
    stored = data.arrays("train")
    assert torch.equal(torch.cat(inputs), stored.inputs.to(torch.float32) / 16)
    assert torch.equal(torch.cat(targets), stored.targets.to(torch.int64))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_shuffling_data_loader_of_a_phase(workers: int) -> None:
    """As users write it, with a worker process too."""
    test = load_dataset("digits").examples("test")
    loader = DataLoader(test, batch_size=50, shuffle=True, num_workers=workers)
    labels = torch.cat([targets for _, targets in loader])
    assert len(test) == 360
    assert torch.equal(labels.bincount(), load_dataset("digits").arrays("test").targets.bincount())


def test_single_examples_are_pairs() -> None:
    """From the front and from the end; there is none beyond, so iterating ends."""
    data = load_dataset("digits")
    image, label = data[3]
    assert image.shape == (1, 8, 8)
    assert label.shape == ()
    assert torch.equal(data[-1][0], data[1436][0])
    for number in (1437, -1438):
        with pytest.raises(IndexError, match="has 1437"):
            data[number]
    assert len(data.examples("test")) == 360


def test_without_targets_an_example_is_the_input() -> None:
    """What DataLoader can put together."""
    (batch,) = DataLoader(load_dataset("quadratic"), batch_size=1000)
    assert batch.shape == (1000, 100)


def test_a_held_out_part_has_its_own_examples() -> None:
    """Training and validation examples are disjoint and make up the training set."""
    data = load_dataset("two_d").with_validation(0.25)
    train, valid = data.arrays("train").inputs, data.arrays("valid").inputs
    assert (len(train), len(valid)) == (7500, 2500)
    assert len(data) == 7500
    first: Any = data[0]
    sixth: Any = data.examples("valid")[5]
    assert torch.equal(first, train[0])
    assert torch.equal(sixth, valid[5])
    whole = load_dataset("two_d").arrays("train").inputs
    assert torch.equal(torch.cat([train, valid])[:, 0].sort().values, whole[:, 0].sort().values)


def test_augmentation_draws_from_the_global_generator(tmp_path: Path) -> None:
    """As torchvision's transforms do, so that `torch.manual_seed` repeats it."""
    data = load_dataset("cifar10", root=write_stand_in("cifar10", tmp_path))
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(data[0][0])
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    test = data.examples("test")
    assert torch.equal(test[0][0], test[0][0])


def test_a_transform_can_be_chosen_when_loading(tmp_path: Path) -> None:
    """A function of a batch of stored inputs, for all phases; or another one for training."""
    root = write_stand_in("cifar10", tmp_path)

    def halve(images: torch.Tensor) -> torch.Tensor:
        return images.float() / 2

    data = load_dataset("cifar10", root=root, transform=halve)
    stored = data.arrays("train").inputs
    assert torch.equal(data[7][0], stored[7].float() / 2)
    assert next(data.batches("test", batch_size=4)).inputs.max() > 100
    data = load_dataset("cifar10", root=root, transform=halve, train_transform=lambda x: x.int())
    assert torch.equal(data[7][0], stored[7].int())
    assert data.examples("test")[0][0].dtype == torch.float32


def test_what_has_no_transform_refuses_one(tmp_path: Path) -> None:
    """Tokens and graphs are given as they are; the message says what to do."""
    root = write_stand_in("tolstoi", tmp_path)
    with pytest.raises(ValueError, match="tolstoi takes no transform: apply it to the batches"):
        load_dataset("tolstoi", root=root, transform=torch.neg)


def test_text_examples_are_consecutive_blocks(tmp_path: Path) -> None:
    """Of `sequence_length` characters and the same one character later."""
    data = load_dataset("tolstoi", root=write_stand_in("tolstoi", tmp_path))
    inputs, targets = data[1]
    assert inputs.shape == targets.shape == (50,)
    assert torch.equal(inputs[1:], targets[:-1])
    assert torch.equal(data[0][1][-1], inputs[0])
    arrays = data.arrays("test")
    assert arrays.inputs.shape == (len(data.examples("test")), 50)


def test_images_from_files(tmp_path: Path) -> None:
    """Decoded when asked for; they do not fit in memory, so there are no arrays."""
    data = load_dataset("imagenet", root=write_stand_in("imagenet", tmp_path))
    images, labels = next(iter(DataLoader(data, batch_size=4)))
    assert images.shape == (4, 3, 224, 224)
    assert set(labels.tolist()) <= {1, 2, 3}
    with pytest.raises(ValueError, match="does not fit in memory"):
        data.arrays("train")


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_gives_examples_or_says_why_not(name: str, tmp_path: Path) -> None:
    """An example has the shapes and types of a batch's rows."""
    data: Dataset = load_dataset(name, root=write_stand_in(name, tmp_path))
    for phase in data.phases:
        if isinstance(data, FullBatchDataset | RolloutDataset):
            with pytest.raises(ValueError, match="iterate over `batches`"):
                data.examples(phase)
            continue
        examples = data.examples(phase)
        batch = next(data.batches(phase, batch_size=4))
        example = examples[0]
        inputs = example.inputs if isinstance(example, Batch) else example
        for one, several in zip(tree_leaves(inputs), tree_leaves(batch.inputs), strict=True):
            assert one.dtype == several.dtype
            # Graphs are padded to the largest that is read with them.
            assert one.shape == several.shape[1:] or isinstance(data, GraphDataset)
        assert len(examples) >= 4


def test_arrays_convert_to_numpy() -> None:
    """For libraries other than torch."""
    inputs, targets = load_dataset("digits").arrays("test")
    assert np.asarray(inputs).shape == (360, 1, 8, 8)
    assert np.asarray(targets).max() == 9
