"""Images: horizontal or vertical stripes, for a small convolutional network."""

from functools import partial

import torch
from torch import nn

from deepobs.data import ArrayDataset, Arrays, Scale
from deepobs.models import Net2C2D
from deepobs.problems import Problem, top1


def stripes(root=None) -> ArrayDataset:
    """Draws images of uint8 `[600, 1, 8, 8]`; a data set of files reads them below `root`."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (600,), generator=generator)
    columns = (torch.arange(8) % 2).mul(128).expand(600, 1, 8, 8)
    images = torch.where(labels.bool()[:, None, None, None], columns, columns.mT)
    images = (images + torch.randint(128, images.shape, generator=generator)).to(torch.uint8)
    return ArrayDataset(
        "stripes",
        train=Arrays(images[:500], labels[:500]),
        test=Arrays(images[500:], labels[500:]),
        num_classes=2,
        transform=Scale(255.0),
    )


STRIPES = Problem(
    name="stripes",
    description="Two convolutional layers tell horizontal from vertical stripes",
    reference="The guide to problems of your own",
    dataset=stripes,
    model=partial(Net2C2D, image_size=8, num_classes=2),
    loss=nn.CrossEntropyLoss,
    correct=top1,
    batch_size=50,
    epochs=2,
)
