"""problem + seed + device -> something to train."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from deepobs.data import Batch, Dataset, Phase, derive_seed

from ._catalogue import get_problem
from ._noise import NoiseStream
from ._problem import Problem
from ._regularizer import half_sum_of_squares


class Metrics(NamedTuple):
    """What an evaluation gives: means over all examples of a phase.

    Attributes:
        loss: Mean loss without the regularizer.
        regularizer: The L2 term, the same for every phase; 0 where there is none.
        accuracy: Share of correct predictions, or None where the problem has none.
    """

    loss: float
    regularizer: float
    accuracy: float | None


class BuiltProblem:
    """A problem with data in memory and weights drawn: made by `build`, trained by anybody.

    Attributes:
        problem: The `Problem` it was built from.
        model: The module to train.
        forward: What `losses` and `objective` call: the model, unless a wrapper around it was put
            here (`torch.nn.parallel.DistributedDataParallel`, say).
        dataset: The data set, its tensors on `device`.
        batch_size: Examples a training batch.
        weight_decay: Factor of the regularizer, 0 for none.
        seed: What weights, order, augmentation and noise derive from.
        device: Where model and data are.
        replay: Whether every epoch has the first one's order and augmentation.
        loss_module: Maps (output, target) to the mean loss; what BackPACK's `extend` takes.
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
        self.model = model
        self.forward: Callable[..., Any] = model
        self.dataset = dataset
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.seed = seed
        self.device = device
        self.replay = replay
        self.loss_module = problem.loss(reduction="mean")
        self._loss_of_each = problem.loss(reduction="none")
        self._noise = NoiseStream(derive_seed(seed, "noise"), device)
        self._carried = _CarriedState()
        self._regularized = list(problem.regularized(model)) if weight_decay else []

    def num_batches(self, phase: Phase) -> int:
        """How many batches `batches` yields in `phase`."""
        return self.dataset.num_batches(phase, self.batch_size)

    def batches(
        self, phase: Phase, *, epoch: int = 0, start: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """The batches of one pass over `phase`; a state carried from batch to batch starts at zero.

        Args:
            phase: `"train"` (shuffled, last incomplete batch dropped), `"train_eval"`,
                `"valid"` or `"test"` (in order, every example).
            epoch: Which order and augmentation; the same epoch gives the same batches.
            start: The batch to begin with. The carried state is kept then, for it goes on.
            shard: (rank, number of processes): the part of every batch that is this process's.

        Returns:
            An iterator of `deepobs.data.Batch`, on `device`.
        """
        if start == 0:
            self._carried = _CarriedState()
        return self.dataset.batches(
            phase,
            batch_size=self.batch_size,
            seed=self.seed,
            epoch=0 if self.replay else epoch,
            start=start,
            shard=shard,
        )

    def output(self, batch: Batch) -> Any:
        """The model's output on `batch`, with noise from the problem's own stream."""
        inputs = self._in_model_dtype(batch.inputs)
        if not self.problem.stochastic:
            return self._call(inputs)
        with self._noise:
            return self._call(inputs)

    def losses(self, batch: Batch) -> Tensor:
        """The loss of each example, shape `[N]`, differentiable, without regularizer."""
        output = self.output(batch)
        losses: Tensor = self._loss_of_each(output, self._target(batch))
        return losses

    def regularizer(self) -> Tensor:
        """The L2 term ½·factor·Σw² over the regularized parameters: a differentiable scalar."""
        if not self._regularized:
            return torch.zeros((), device=self.device)
        return half_sum_of_squares(self._regularized, self.weight_decay)

    def objective(self, batch: Batch) -> Tensor:
        """What training minimises: mean loss over `batch` plus the regularizer, a scalar."""
        loss: Tensor = self.loss_module(self.output(batch), self._target(batch))
        return loss + self.regularizer() if self._regularized else loss

    @torch.no_grad()
    def evaluate(
        self,
        phase: Phase,
        *,
        shard: tuple[int, int] = (0, 1),
        reduce: Callable[[Tensor], Tensor] | None = None,
    ) -> Metrics:
        """Mean loss and accuracy over every example of `phase`, the model in evaluation mode.

        Leaves weights, buffers, mode, carried state and random streams as they were, and gives the
        same numbers for the same weights: its noise depends on the seed and the phase alone.

        Args:
            phase: The phase to pass over.
            shard: (rank, number of processes), when several evaluate together.
            reduce: Adds up the tensor of sums over all processes, such as an all-reduce.

        Returns:
            The means over all examples.
        """
        outer = (self._noise, self._carried, self.model.training)
        self._noise = NoiseStream(derive_seed(self.seed, f"noise/{phase}"), self.device)
        self.model.eval()
        try:
            sums = self._sums(phase, shard)
            if reduce is not None:
                sums = reduce(sums)
            loss, correct, weight = sums.tolist()
            regularizer = float(self.regularizer())
        finally:
            self._noise, self._carried, training = outer
            self.model.train(training)
        if not weight:
            raise ValueError(f"Phase {phase!r} of {self.problem.name} has no examples.")
        accuracy = correct / weight if self.problem.correct else None
        return Metrics(loss / weight, regularizer, accuracy)

    def to(self, target: torch.device | str | torch.dtype) -> BuiltProblem:
        """Moves model and data to a device, or the model to another dtype; in place.

        A move to a device starts the random stream and the carried state anew, as streams of two
        kinds of devices cannot go on from each other. Parameters keep their identity, as with
        `torch.nn.Module.to`, but what an optimizer has stored for them stays where it is.

        Args:
            target: A device or a floating-point dtype.

        Returns:
            Itself.
        """
        self.model.to(target)
        if not isinstance(target, torch.dtype):
            self.device = torch.device(target)
            self.dataset = self.dataset.to(self.device)
            self._noise = NoiseStream(derive_seed(self.seed, "noise"), self.device)
            self._carried = _CarriedState()
        return self

    def state_dict(self) -> dict[str, Any]:
        """What besides the model's own state makes training go on exactly: tensors only."""
        return {"noise": self._noise.state, "carried": self._carried.after}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes up what `state_dict` gave."""
        self._noise.state = state["noise"].cpu()
        self._carried = _CarriedState(_moved(state["carried"], self.device))

    def _call(self, inputs: Tensor) -> Any:
        if not self.problem.carries_state:
            return self.forward(inputs)
        output, state = self.forward(inputs, self._carried.before(inputs))
        self._carried.after = _detached(state)
        return output

    def _target(self, batch: Batch) -> Tensor:
        return self._in_model_dtype(self.problem.target(batch))

    def _in_model_dtype(self, tensor: Tensor) -> Tensor:
        """Floating-point data in the dtype of the weights; integers as they are."""
        if not tensor.is_floating_point():
            return tensor
        return tensor.to(next(self.model.parameters()).dtype)

    def _sums(self, phase: Phase, shard: tuple[int, int]) -> Tensor:
        """Sums over the phase, on the device: loss, correct predictions, and weight.

        A text's last window may be shorter, so a batch weighs as much as it has targets.
        """
        dtype = torch.float32 if self.device.type == "mps" else torch.float64  # MPS has no float64
        sums = torch.zeros(3, dtype=dtype, device=self.device)
        for batch in self.batches(phase, shard=shard):
            if not len(batch.inputs):
                continue
            output = self.output(batch)
            weight = len(batch.inputs) if batch.targets is None else batch.targets.numel()
            sums[0] += self.loss_module(output, self._target(batch)) * weight
            if self.problem.correct is not None:
                sums[1] += self.problem.correct(output, batch).sum()
            sums[2] += weight
        return sums


class _CarriedState:
    """A recurrent model's state between batches.

    A second call on the same batch, as L-BFGS's closures make, starts from the state of the first.
    """

    def __init__(self, after: Any = None) -> None:
        self.after = after
        self._batch: Tensor | None = None
        self._before: Any = None

    def before(self, inputs: Tensor) -> Any:
        if self._batch is not inputs:
            self._batch, self._before = inputs, self.after
        return self._before


def _detached(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(_detached(part) for part in state)


def _moved(state: Any, device: torch.device) -> Any:
    if state is None:
        return None
    if isinstance(state, Tensor):
        return state.to(device)
    return tuple(_moved(part, device) for part in state)


def build(
    problem: str | Problem,
    *,
    seed: int = 42,
    device: str | torch.device = "cpu",
    batch_size: int | None = None,
    weight_decay: float | None = None,
    data_root: str | Path | None = None,
    validation: float = 0.0,
    replay: bool = False,
    dataset: Dataset | None = None,
) -> BuiltProblem:
    """Builds a problem: reads its data, draws its weights, puts both on a device.

    Neither touches nor depends on global random state: the same seed gives the same weights, order
    of examples, augmentation and noise, whatever was drawn before.

    Args:
        problem: A name of the catalogue or a `Problem` of your own.
        seed: What everything random derives from.
        device: Such as `"cpu"`, `"cuda"` or `"cuda:1"`.
        batch_size: Examples a training batch; default: the problem's.
        weight_decay: Factor of the L2 regularizer; default: the problem's; 0 turns it off.
        data_root: Folder of the data files; default: $DEEPOBS_DATA_DIR, else the user's cache.
        validation: Share of the training set, from 0 to below 1, held out as phase `"valid"`.
        replay: Repeat the first epoch's order and augmentation in every epoch, like the original.
        dataset: Use this data set in place of the problem's.

    Returns:
        A new `BuiltProblem`.

    Raises:
        UnknownProblemError: There is no problem of that name.
        deepobs.data.DatasetNotFoundError: The data files are not there.
        ValueError: An argument is out of its range.
    """
    if isinstance(problem, str):
        problem = get_problem(problem)
    check_arguments(problem, batch_size, weight_decay, validation)
    device = torch.device(device)
    if dataset is None:
        dataset = problem.dataset(root=data_root)
    if validation:
        dataset = dataset.with_validation(validation)
    model = _draw_model(problem, derive_seed(seed, "weights")).to(device)
    return BuiltProblem(
        problem,
        model,
        dataset.to(device),
        batch_size=problem.batch_size if batch_size is None else batch_size,
        weight_decay=(problem.weight_decay or 0.0) if weight_decay is None else weight_decay,
        seed=seed,
        device=device,
        replay=replay,
    )


def _draw_model(problem: Problem, seed: int) -> nn.Module:
    """A new model with weights from `seed`, drawn on the CPU so that every device gets the same."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.random.manual_seed(seed)
        return problem.model()


def check_arguments(
    problem: Problem,
    batch_size: int | None,
    weight_decay: float | None = None,
    validation: float = 0.0,
) -> None:
    """Raises ValueError if an argument of `build` is out of its range."""
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(f"batch_size is a positive whole number, not {batch_size!r}.")
    if not 0 <= validation < 1:
        raise ValueError(f"validation is a share from 0 to below 1, not {validation!r}.")
    if weight_decay is None:
        return
    if not (math.isfinite(weight_decay) and weight_decay >= 0):
        raise ValueError(f"weight_decay is a finite number of at least 0, not {weight_decay!r}.")
    if weight_decay and problem.weight_decay is None:
        raise ValueError(
            f"{problem.name} has no regularizer, so weight_decay={weight_decay} would do nothing; "
            "leave it out, or give the problem one with dataclasses.replace(problem, "
            "weight_decay=…, regularized=…)."
        )
