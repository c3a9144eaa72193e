import torch

from deepobs.data import digits


def test_the_digits_come_with_the_package() -> None:
    """1,797 images of 8×8 pixels in sixteenths, split in a fixed place."""
    data = digits()
    assert [data.num_examples(phase) for phase in data.phases] == [1437, 360, 360]
    (batch,) = data.batches("test", batch_size=360)
    assert batch.inputs.shape == (360, 1, 8, 8)
    assert batch.inputs.min() == 0
    assert batch.inputs.max() == 1
    assert torch.equal(batch.inputs * 16, (batch.inputs * 16).round())
    assert torch.bincount(batch.targets).tolist() == [35, 36, 35, 37, 37, 37, 37, 36, 33, 37]


def test_images_and_labels_belong_together() -> None:
    """The nearest training image has the same label for nearly all test images."""
    data = digits()
    (test,) = data.batches("test", batch_size=360)
    train = list(data.with_validation(0.001).batches("train", batch_size=1))
    inputs = torch.cat([batch.inputs for batch in train]).flatten(1)
    targets = torch.cat([batch.targets for batch in train])
    nearest = torch.cdist(test.inputs.flatten(1), inputs).argmin(dim=1)
    assert (targets[nearest] == test.targets).float().mean() > 0.95
