"""The definition of a test problem: a frozen value of data, model, loss and defaults."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from deepobs.data import Batch, Dataset

from ._losses import labels
from ._metrics import LOSS, Metric, accuracy
from ._regularizer import nothing

#: Loads the data set; called with `root=` (the folder of the files, or None for the default one).
DatasetFactory = Callable[..., Dataset]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A test problem for optimizers: data, model, loss and defaults, as a value.

    Every field is a plain value, a function or a `functools.partial`, so that a problem can be
    pickled. Create your own with this class, or from another problem with `dataclasses.replace`,
    and check it with `deepobs check PACKAGE.MODULE:NAME`.

    Attributes:
        name: Name in commands and results: letters, digits and underscores.
        description: Description in one line.
        dataset: Called with `root=`; returns a `deepobs.data.Dataset`.
        model: Returns a new `torch.nn.Module` that maps the inputs of a batch to outputs and draws
            its initial weights from torch's global generator. It is called without arguments, or,
            if it has a parameter named `facts`, with `facts=dataset.facts` (number of classes,
            vocabulary and so on).
        loss: Called with `reduction="none"` or `"mean"`; returns a module that maps
            (output, target) to one loss for each example, shape `[N]`, or to their mean.
        batch_size: Default batch size.
        epochs: Default number of epochs; an evaluation follows each.
        reference: Source of architecture, data or problem.
        target: Selects the target of the loss; by default the targets of the batch.
        correct: Maps (output, batch) to booleans whose mean is the accuracy; None if the problem
            has no accuracy.
        metrics: Further metrics. The first is the primary one; without any it is the accuracy, or
            else the loss. See `metric`.
        weight_decay: Default factor of the L2 regularizer, ½·factor·Σw²; None for no regularizer.
        regularized: Selects the parameters that the regularizer counts.
        carries_state: Whether the model carries a state from batch to batch: it is called with
            `(inputs, state)` and returns `(output, state)`.
        stochastic: Whether the model draws random numbers in its forward pass (dropout, sampling).
            False saves swapping random states at each call.
        convergence_target: Value of the primary metric on the test set at which the problem counts
            as solved.
        notes: Further information, such as settings that differ from the original.
        extra: True for a problem that is not one of the original 26.
        version: Increased whenever a change makes results differ; runs on different versions are
            different runs.
        steps_per_epoch: Number of steps of an epoch; None for one pass over the training set. With
            it, the length of a run is `epochs * steps_per_epoch` steps, regardless of the batch
            size.
        evaluation_batches: Number of batches that an evaluation of a phase takes at most; None for
            all of them.
        evaluation_batch_size: Largest batch of an evaluation, for problems that train on larger
            ones; None for the batch size of training.
        full_batch: Whether training takes the whole training set as one batch, so that the batch
            size cannot be chosen.
    """

    name: str
    description: str
    dataset: DatasetFactory
    model: Callable[..., nn.Module]
    loss: Callable[..., nn.Module]
    batch_size: int
    epochs: int
    reference: str
    target: Callable[[Batch], Any] = labels
    correct: Callable[[Any, Batch], Tensor] | None = None
    metrics: tuple[Metric, ...] = ()
    weight_decay: float | None = None
    regularized: Callable[[nn.Module], Iterable[Tensor]] = nothing
    carries_state: bool = False
    stochastic: bool = True
    convergence_target: float | None = None
    notes: str = ""
    extra: bool = False
    version: int = 1
    steps_per_epoch: int | None = None
    evaluation_batches: int | None = None
    evaluation_batch_size: int | None = None
    full_batch: bool = False

    @property
    def metric(self) -> Metric:
        """The primary metric, by which results are compared."""
        return self.all_metrics[0] if self.all_metrics else LOSS

    @property
    def all_metrics(self) -> tuple[Metric, ...]:
        """All metrics besides the loss: `metrics`, and the accuracy if there is one."""
        return self.metrics if self.correct is None else (*self.metrics, accuracy(self.correct))

    @property
    def steps(self) -> int | None:
        """Default length in steps; None if it is counted in passes over the training set."""
        return None if self.steps_per_epoch is None else self.epochs * self.steps_per_epoch

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(
                f"The name of a problem consists of letters, digits and underscores, but is"
                f" {self.name!r}."
            )
        for field in ("batch_size", "epochs", "version"):
            self._check_positive(field)
        for field in ("steps_per_epoch", "evaluation_batches", "evaluation_batch_size"):
            if getattr(self, field) is not None:
                self._check_positive(field)
        names = [metric.name for metric in self.all_metrics]
        if len({*names, "loss", "regularizer"}) <= len(names) + 1:
            raise ValueError(
                f"The metrics of problem {self.name} need names that differ from each other, from"
                f" 'loss' and from 'regularizer', but are {', '.join(names)}."
            )
        self._check_regularizer()

    def _check_positive(self, field: str) -> None:
        value = getattr(self, field)
        if not isinstance(value, int) or value < 1:
            raise ValueError(
                f"{field} of problem {self.name} must be a positive integer, not {value!r}."
            )

    def _check_regularizer(self) -> None:
        if self.weight_decay is None:
            return
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(
                f"weight_decay of problem {self.name} must be a finite number of at least 0, or"
                f" None, not {self.weight_decay!r}."
            )
        if self.regularized is nothing:
            raise ValueError(
                f"Problem {self.name} has a weight_decay but regularizes no parameters: set"
                " `regularized`, or leave weight_decay out."
            )
