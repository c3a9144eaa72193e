"""A table: numbers and categories, as a dictionary of tensors."""

import torch
from torch import nn

from deepobs.data import ArrayDataset, Arrays, Copy
from deepobs.problems import RMSE, Problem, SquaredError


def houses(root=None) -> ArrayDataset:
    numbers = torch.rand(600, 2, generator=torch.Generator().manual_seed(0))
    districts = torch.arange(600) % 4
    prices = 3 * numbers[:, 0] - numbers[:, 1] + districts
    table = Arrays({"numbers": numbers, "district": districts}, prices)
    train, test = (table.take(rows) for rows in torch.arange(600).split(500))
    return ArrayDataset("houses", train=train, test=test, num_classes=None, transform=Copy())


class PriceModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.district = nn.Embedding(4, 1)
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, row):
        return (self.layers(row["numbers"]) + self.district(row["district"])).squeeze(1)


HOUSES = Problem(
    name="houses",
    description="A small network predicts the price of a house from a table",
    reference="The guide to problems of your own",
    dataset=houses,
    model=PriceModel,
    loss=SquaredError,
    metrics=(RMSE,),
    batch_size=50,
    epochs=4,
)
