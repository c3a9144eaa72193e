"""A problem with its data loaded and its weights drawn, ready to train."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from deepobs.data import Batch, Dataset, Phase, derive_seed

from ._calls import Forward, in_dtype
from ._carried import CarriedState
from ._evaluation import Collected, add_up, metrics_of
from ._functional import FunctionalForms
from ._metrics import Metrics
from ._noise import NoiseStream
from ._problem import Problem
from ._regularizer import half_sum_of_squares


class BuiltProblem(FunctionalForms):
    """A problem with its data loaded and its weights drawn, ready for any training loop.

    Attributes:
        problem: The `Problem` that it was built from.
        dataset: The data set, with its tensors on `device`.
        batch_size: Number of examples of a training batch.
        weight_decay: Factor of the regularizer; 0 for none.
        seed: Seed that weights, order, augmentation and noise derive from.
        device: Device of model and data.
        replay: Whether every epoch repeats the order and augmentation of the first one.
        loss_module: Maps (output, target) to the mean loss; this is what BackPACK's `extend` takes.
    """

    def __init__(
        self,
        problem: Problem,
        model: nn.Module,
        dataset: Dataset,
        *,
        batch_size: int,
        weight_decay: float,
        seed: int,
        device: torch.device,
        replay: bool = False,
    ) -> None:
        self.problem = problem
        self.dataset = dataset
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.seed = seed
        self.device = device
        self.replay = replay
        self.model = model
        self.loss_module = problem.loss(reduction="mean")
        self._loss_of_each: Callable[[Any, Any], Tensor] = problem.loss(reduction="none")
        self._noise = NoiseStream(derive_seed(seed, "noise"), device)
        self._carried = CarriedState()
        self._compiled: Callable[..., Any] | None = None

    @property
    def model(self) -> nn.Module:
        """The module to train; assigning another one also updates the regularized parameters."""
        return self._model

    @model.setter
    def model(self, model: nn.Module) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"model must be a torch.nn.Module, not a {type(model).__name__}.")
        self._model = model
        # Its name is looked up once, since that takes longer than a small layer. A model without
        # parameters can be built and called; `check_problem` refuses it.
        name, _ = next(model.named_parameters(), (None, None))
        self._first_weight = attrgetter(name) if name else _no_weight
        self.dataset.attach(model)
        self._regularized = list(self.problem.regularized(model)) if self.weight_decay else []

    @property
    def _dtype(self) -> torch.dtype:
        """The dtype of the first weight, which may have been converted or replaced."""
        dtype: torch.dtype = self._first_weight(self._model).dtype
        return dtype

    def num_batches(self, phase: Phase) -> int:
        """Returns the number of batches that `batches` yields for a phase."""
        if phase == "train" and self.problem.steps_per_epoch is not None:
            return self.problem.steps_per_epoch
        return self.dataset.num_batches(phase, self._size_of_batches(phase))

    def batches(
        self, phase: Phase, *, epoch: int = 0, start: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """Iterates over the batches of one pass over a phase, or of one epoch of training.

        Args:
            phase: `"train"` (shuffled, the last incomplete batch dropped), `"train_eval"`,
                `"valid"` or `"test"` (in order, every example).
            epoch: The epoch, from 0; the same epoch gives the same batches.
            start: The batch to begin with. A carried state is reset only at the start of a pass.
            shard: (rank, number of processes): takes this process's part of every batch.

        Returns:
            An iterator of `deepobs.data.Batch`, on `device`.
        """
        epoch = 0 if self.replay else epoch
        length = self.problem.steps_per_epoch
        if start == 0:
            self._carried = CarriedState()
        size = self._size_of_batches(phase)
        chosen: dict[str, Any] = {"batch_size": size, "seed": self.seed, "shard": shard}
        if phase == "train" and length is not None:
            first, end = epoch * length + start, (epoch + 1) * length
            return self.dataset.steps(first, end, **chosen)
        return self.dataset.batches(phase, epoch=epoch, start=start, **chosen)

    def _size_of_batches(self, phase: Phase) -> int:
        most = None if phase == "train" else self.problem.evaluation_batch_size
        return self.batch_size if most is None else min(self.batch_size, most)

    def output(self, batch: Batch, *, forward: Forward | None = None) -> Any:
        """Returns the model's output on a batch, with noise from the problem's own stream.

        Args:
            batch: A batch.
            forward: Called instead of the model, such as a
                `torch.nn.parallel.DistributedDataParallel` or a compiled version of it.

        Returns:
            The output of the model, without a carried state.
        """
        return self._called(self.model if forward is None else forward, batch)

    def losses(self, batch: Batch, *, forward: Forward | None = None) -> Tensor:
        """Returns the loss of each example without the regularizer, differentiable.

        Args:
            batch: A batch of N examples.
            forward: As for `output`.

        Returns:
            Losses `[N]`.
        """
        output = self.output(batch, forward=forward)
        return self._loss_of_each(output, self._target(batch))

    def regularizer(self) -> Tensor:
        """Returns the L2 term ½·factor·Σw² over the regularized parameters, differentiable."""
        if not self._regularized:
            return torch.zeros((), device=self.device)
        return half_sum_of_squares(self._regularized, self.weight_decay)

    def objective(self, batch: Batch, *, forward: Forward | None = None) -> Tensor:
        """Returns what training minimizes: the mean loss over a batch plus the regularizer.

        Args:
            batch: A batch.
            forward: As for `output`.

        Returns:
            The objective, a differentiable scalar.
        """
        call = self.model if forward is None else forward
        compute = self._compiled or self._objective
        objective: Tensor = self._called(partial(compute, call, self._target(batch)), batch)
        return objective

    def compile(self, **options: Any) -> None:
        """Compiles what `objective` computes, in place, as `torch.nn.Module.compile` does.

        Model, loss and regularizer become one function of `torch.compile`. Evaluations, `losses`
        and the functional forms are not compiled.

        Args:
            **options: As for `torch.compile`, such as `mode="reduce-overhead"`.
        """
        self._compiled = torch.compile(self._objective, **options)

    @torch.no_grad()
    def evaluate(
        self,
        phase: Phase,
        *,
        shard: tuple[int, int] = (0, 1),
        reduce: Callable[[Tensor], Tensor] | None = None,
    ) -> Metrics:
        """Computes the mean loss and the metrics of a phase, with the model in evaluation mode.

        Weights, buffers, mode, carried state and random streams are not changed. The same weights
        give the same numbers, because noise depends only on the seed and the phase.

        Args:
            phase: The phase to evaluate.
            shard: (rank, number of processes), when several processes evaluate together.
            reduce: Adds up a tensor of sums over all processes, as an all-reduce does.

        Returns:
            The loss, the regularizer and the metrics.

        Raises:
            ValueError: If the phase has no examples.
        """
        outer = (self._noise, self._carried, self.model.training)
        self._noise = NoiseStream(derive_seed(self.seed, f"noise/{phase}"), self.device)
        self.model.eval()
        try:
            batches = self.batches(phase, shard=shard)
            examples, size = self.dataset.num_examples(phase), self._size_of_batches(phase)
            collected = Collected(self.problem, examples, size, shard)
            sums = add_up(self.problem, batches, self._measured, self.device, collected)
            sums = sums if reduce is None else reduce(sums)
            values = collected.values(reduce) if sums[1] else {}
            regularizer = float(self.regularizer())
        finally:
            self._noise, self._carried, training = outer
            self.model.train(training)
        if not sums[1]:
            raise ValueError(f"Phase {phase!r} of {self.problem.name} has no examples.")
        return metrics_of(self.problem, sums, regularizer, values)

    def to(self, target: torch.device | str | torch.dtype) -> BuiltProblem:
        """Moves model and data to a device, or the model to another dtype, in place.

        A move to a device restarts the random stream and the carried state, because random streams
        differ between kinds of devices. Parameters keep their identity, as with
        `torch.nn.Module.to`; the state of an optimizer is not moved.

        Args:
            target: A device or a floating-point dtype.

        Returns:
            Itself.
        """
        self.model.to(target)
        if not isinstance(target, torch.dtype):
            self.device = torch.device(target)
            self.dataset = self.dataset.to(self.device)
            self.dataset.attach(self.model)
            self._noise = NoiseStream(derive_seed(self.seed, "noise"), self.device)
            self._carried = CarriedState()
        return self

    def state_dict(self) -> dict[str, Any]:
        """Returns the state that exact resumption needs besides the model's own, as tensors."""
        data = self.dataset.state_dict()
        return {"noise": self._noise.state, "carried": self._carried.after, "data": data}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        self._noise.state = state["noise"].cpu()
        self.dataset.load_state_dict(state.get("data", {}))  # earlier checkpoints have none
        self._carried = CarriedState(state["carried"]).to(self.device)

    def _called(self, call: Callable[..., Any], batch: Batch) -> Any:
        """Calls with the inputs and the carried state, which is advanced, in the noise stream."""
        with self._noise if self.problem.stochastic else nullcontext():
            inputs = in_dtype(self._dtype, batch.inputs)
            if not self.problem.carries_state:
                return call(inputs)
            result, state = call(inputs, self._carried.before(batch.inputs))
        self._carried.advance(state)
        return result

    def _objective(self, call: Forward, target: Any, inputs: Any, *carried: Any) -> Any:
        """Returns the mean loss plus the regularizer, with the state that the model returns."""
        output, state = call(inputs, *carried) if carried else (call(inputs), None)
        loss = self.loss_module(output, target)
        if self._regularized:
            loss = loss + self.regularizer()
        return (loss, state) if carried else loss

    def _measured(self, batch: Batch) -> tuple[Any, Tensor]:
        """Returns the output and the mean loss on a batch."""
        output = self.output(batch)
        return output, self.loss_module(output, self._target(batch))

    def _target(self, batch: Batch) -> Any:
        return in_dtype(self._dtype, self.problem.target(batch))


def _no_weight(_model: nn.Module) -> Tensor:
    """Returns a tensor of the default dtype, in place of the first weight of a model without."""
    return torch.empty(0)
