"""Problems that each break one rule, by the name of what is wrong with them."""

import functools
from typing import Any

import numpy as np
import torch
from torch import nn

from deepobs.problems import top1


class Flat(nn.Linear):
    """Logistic regression on the digits: breaks nothing."""

    def __init__(self) -> None:
        super().__init__(64, 10)

    def forward(self, inputs):
        return super().forward(inputs.flatten(1))


@functools.cache
def the_same_model():
    return Flat()


class SeedsItself(Flat):
    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__()


class DrawsInSecret(Flat):
    def forward(self, inputs):
        output = super().forward(inputs)
        return output + torch.rand(()) if self.training else output


class DrawsFromNumpy(Flat):
    def __init__(self) -> None:
        super().__init__()
        nn.init.constant_(self.bias, np.random.rand())


class CountsBuilds(Flat):
    builds = 0

    def __init__(self) -> None:
        super().__init__()
        CountsBuilds.builds += 1
        nn.init.constant_(self.bias, CountsBuilds.builds)


class HasUnusedParameter(Flat):
    def __init__(self) -> None:
        super().__init__()
        self.extra = nn.Parameter(torch.zeros(1))


class IgnoresParameter(HasUnusedParameter):
    def forward(self, inputs):
        return super().forward(inputs) + 0 * self.extra


class HasInfiniteGradient(HasUnusedParameter):
    def forward(self, inputs):
        return super().forward(inputs) + self.extra.sqrt()


class CountsCalls(Flat):
    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1), persistent=False)

    def forward(self, inputs):
        self.calls += 1
        return super().forward(inputs)


class KeepsReference(Flat):
    """Reads its weights where functional_call does not put those that it is handed."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = [self.weight]

    def _apply(self, function, recurse=True):
        super()._apply(function, recurse)
        self.kept = [self.weight]
        return self

    def forward(self, inputs):
        return nn.functional.linear(inputs.flatten(1), self.kept[0], self.bias)


class RemembersOutput(Flat):
    output = None

    def forward(self, inputs):
        if self.training:
            return super().forward(inputs)
        if self.output is None:
            self.output = super().forward(inputs)
        return self.output


class GivesFloat32(Flat):
    def forward(self, inputs):
        return super().forward(inputs).float()


class RefusesFloat64(Flat):
    def forward(self, inputs):
        if inputs.dtype == torch.float64:
            raise TypeError("float32 only")
        return super().forward(inputs)


class StaysBehind(Flat):
    def forward(self, inputs):
        return super().forward(inputs) + torch.zeros(len(inputs), 10)


class GivesColumn(nn.CrossEntropyLoss):
    def forward(self, output, target):
        losses = super().forward(output, target)
        return losses[:, None] if self.reduction == "none" else losses


class GivesSum(nn.CrossEntropyLoss):
    def __init__(self, reduction) -> None:
        super().__init__(reduction="sum" if reduction == "mean" else reduction)


class RepeatsMean(nn.CrossEntropyLoss):
    def forward(self, output, target):
        losses = super().forward(output, target)
        return losses.mean().expand(len(target)) if self.reduction == "none" else losses


def no_parameters(model):
    return []


def copies(model):
    return [model.weight.clone()]


def as_numbers(output, batch):
    return top1(output, batch).float()


def for_the_batch(output, batch):
    return top1(output, batch).all()


def fails():
    raise RuntimeError("no such luck")


# What is wrong -> the fields of a problem on the digits that make it so, and how the text of the
# rule begins.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "builds with an error": ({"model": fails}, "Builds"),
    "has nothing to train": ({"model": nn.Flatten}, "Builds"),
    "blank description": ({"description": "  "}, "Has a description"),
    "description of two lines": ({"description": "One line\nand another"}, "Has a description"),
    "no reference": ({"reference": ""}, "Has a description"),
    "model is a lambda": ({"model": lambda: Flat()}, "Pickles"),
    "forward draws though not stochastic": ({"model": DrawsInSecret}, "The same seed"),
    "constructor draws from numpy": ({"model": DrawsFromNumpy}, "The same seed"),
    "constructor depends on builds before": ({"model": CountsBuilds}, "The same seed"),
    "one model for all builds": ({"model": the_same_model}, "Every build"),
    "constructor seeds torch": ({"model": SeedsItself}, "Every build"),
    "losses are a column": ({"loss": GivesColumn}, "Gives one finite loss"),
    "mean is a sum": ({"loss": GivesSum}, "The loss with reduction"),
    "every loss is the mean": ({"loss": RepeatsMean}, "An example's loss"),
    "parameter that nothing uses": ({"model": HasUnusedParameter}, "The gradient reaches"),
    "parameter times zero": ({"model": IgnoresParameter}, "The gradient reaches"),
    "infinite gradient": ({"model": HasInfiniteGradient}, "The gradient reaches"),
    "regularizes nothing": (
        {"weight_decay": 0.1, "regularized": no_parameters},
        "The regularizer",
    ),
    "regularizes copies": ({"weight_decay": 0.1, "regularized": copies}, "The regularizer"),
    "buffer changes in evaluation": ({"model": CountsCalls}, "Evaluation"),
    "correct is numbers": ({"correct": as_numbers}, "Accuracy"),
    "correct is one for the batch": ({"correct": for_the_batch}, "Accuracy"),
    "keeps a reference to its weights": ({"model": KeepsReference}, "Works with"),
    "remembers its output": ({"model": RemembersOutput}, "Works with"),
    "computes in float32 always": ({"model": GivesFloat32}, "Trains in float64"),
    "raises an error in float64": ({"model": RefusesFloat64}, "Trains in float64"),
    "tensor on the CPU": ({"model": StaysBehind}, "Moves to another device"),
}
