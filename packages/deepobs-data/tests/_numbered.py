"""A data set whose batches show which examples and which random numbers they have."""

import torch
from torch import Tensor

from deepobs.data import ArrayDataset, Arrays, Batch, Copy


class Jitter:
    """Adds the two draws of each example to it, so that a batch shows which draws it got."""

    num_draws = 2

    def __call__(self, inputs: Tensor, draws: Tensor | None) -> Tensor:
        assert draws is not None
        return inputs + draws


def numbered(train: int = 23, test: int = 10, *, jitter: bool = False) -> ArrayDataset:
    """A data set whose example i is (i, i) with target i; the test set begins with 1000."""
    parts = [torch.arange(train), 1000 + torch.arange(test)]
    inputs = [part.to(torch.float32)[:, None].repeat(1, 2) for part in parts]
    return ArrayDataset(
        "numbered",
        train=Arrays(inputs[0], parts[0].to(torch.int16)),
        test=Arrays(inputs[1], parts[1].to(torch.int16)),
        num_classes=None,
        transform=Copy(),
        train_transform=Jitter() if jitter else None,
    )


def joined(batches: list[Batch]) -> tuple[list[int], Tensor]:
    targets = torch.cat([batch.targets for batch in batches if batch.targets is not None])
    return targets.tolist(), torch.cat([batch.inputs for batch in batches])
