"""What a test problem is: a frozen value that names its data, model, loss and defaults."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from deepobs.data import Batch, Dataset

from ._losses import labels
from ._regularizer import nothing

#: Gives the data set; called with `root=` (the folder of the files, or None for the default one).
DatasetFactory = Callable[..., Dataset]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A test problem for optimizers: data + model + loss, as a value.

    Every field is a plain value, a function or a `functools.partial`, so that a problem pickles.
    Make your own with this class or from another one with
    `dataclasses.replace`, and check it with `deepobs check PACKAGE.MODULE:NAME`.

    Attributes:
        name: What the command and result folders call it: letters, digits and underscores.
        description: One line that says what it is.
        dataset: Called with `root=`; returns the `deepobs.data.Dataset`.
        model: Called without arguments; returns a new `torch.nn.Module` that maps a batch's inputs
            to outputs and draws its initial weights from torch's global generator.
        loss: Called with `reduction="none"` or `"mean"`; returns a module that maps
            (output, target) to one loss an example, shape `[N]`, or to their mean.
        batch_size: The default batch size.
        epochs: The default number of epochs.
        reference: Where architecture, data or problem come from.
        target: What of a batch the loss compares the output with (default: the labels).
        correct: Maps (output, batch) to a tensor of booleans whose mean is the accuracy; None where
            there is no accuracy.
        weight_decay: The default factor of the L2 regularizer, ½·factor·Σw²; None for none.
        regularized: Which parameters of the model the regularizer counts.
        carries_state: Whether the model is recurrent over batches: it is called with
            `(inputs, state)` and returns `(output, state)`.
        stochastic: Whether the model draws random numbers when it runs (dropout, sampling). False
            spares the swapping of random streams around each call.
        convergence_target: Test accuracy (test loss where there is none) that counts as solved.
        notes: What a user should know besides, such as what is ours and not the original's.
        extra: True for a problem that is not one of the original 26.
        version: Raised whenever a change makes results differ; runs on different versions are
            different runs.
    """

    name: str
    description: str
    dataset: DatasetFactory
    model: Callable[[], nn.Module]
    loss: Callable[..., nn.Module]
    batch_size: int
    epochs: int
    reference: str
    target: Callable[[Batch], Tensor] = labels
    correct: Callable[[Any, Batch], Tensor] | None = None
    weight_decay: float | None = None
    regularized: Callable[[nn.Module], Iterable[Tensor]] = nothing
    carries_state: bool = False
    stochastic: bool = True
    convergence_target: float | None = None
    notes: str = ""
    extra: bool = False
    version: int = 1

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(
                f"A problem's name is made of letters, digits and underscores, not {self.name!r}."
            )
        for field in ("batch_size", "epochs", "version"):
            value = getattr(self, field)
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"{field} of problem {self.name} is a positive whole number, not {value!r}."
                )
        self._check_regularizer()

    def _check_regularizer(self) -> None:
        if self.weight_decay is None:
            return
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(
                f"weight_decay of problem {self.name} is a finite number of at least 0, or None, "
                f"not {self.weight_decay!r}."
            )
        if self.regularized is nothing:
            raise ValueError(
                f"Problem {self.name} has a weight_decay, but no parameters that it counts: give "
                "it `regularized`, or no weight_decay."
            )
