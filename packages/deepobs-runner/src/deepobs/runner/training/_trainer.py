"""The training loop."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from deepobs.data import Batch, Phase
from deepobs.problems import BuiltProblem

from ..common import UsageError, import_users
from ..config import RunConfig
from ..optimizers import (
    WeightAverage,
    build_optimizer,
    calls_in_force,
    refuse,
)
from ..schedules import make_schedule
from ._callbacks import Callback, Callbacks
from ._distributed import Processes
from ._precision import autocast
from ._state import restore, state_of
from ._step import Stepper
from ._step_timer import StepTimer
from ._weights import tell, weights_to_evaluate

#: Steps between two recorded mini-batch losses, as in DeepOBS.
LOG_INTERVAL = 10
# Steps between two checks for a finite loss; rare where the check synchronises with the device.
_STEPS_BETWEEN_LOOKS = {"cpu": 10}
_STEPS_BETWEEN_LOOKS_ELSEWHERE = 500


class Trainer:
    """The state of a run during training, and the training loop.

    Args:
        config: The configuration of the run.
        built: The problem to train.
        processes: The processes of the run.
        callbacks: Callbacks of the run.
        compiled: How to compile the objective; one of `COMPILE_MODES`.

    Attributes:
        epoch: Number of epochs trained and evaluated.
        step_in_epoch: Number of steps taken in the current epoch.
        losses: Loss of each step of this epoch, on the device.
    """

    def __init__(
        self,
        config: RunConfig,
        built: BuiltProblem,
        *,
        processes: Processes | None = None,
        callbacks: Iterable[Callback] = (),
        compiled: str = "off",
    ) -> None:
        processes = processes or Processes()
        self.config, self.built, self.processes = config, built, processes
        self.callbacks = Callbacks(callbacks)
        self.parameters = [p for p in built.model.parameters() if p.requires_grad]
        self.optimizer = build_optimizer(
            config.found,
            built.model,
            config.lr,
            config.hyperparameters,
            config.parameter_groups,
            model=config.problem_name,
        )
        calls = calls_in_force(config.found, self.optimizer, config.calls)
        refuse(calls, precision=config.precision, processes=processes.world_size)
        self.timer = StepTimer(built.device)
        self.stepper = Stepper(
            config,
            built,
            self.optimizer,
            calls,
            processes=processes,
            timer=self.timer,
            compiled=compiled,
        )
        self.steps_per_epoch = built.num_batches("train")
        self.epochs = config.epochs
        lengths = {"epochs": self.epochs, "steps_per_epoch": self.steps_per_epoch}
        self.schedule = make_schedule(config.schedule_mapping, self.optimizer, **lengths)
        self.average: WeightAverage | None = None
        if isinstance(config.averaging, Mapping):
            self.average = WeightAverage(config.averaging, built.model, self.epochs)
        self.resumed: str | None = None  # "exactly", or why not, if the run was resumed
        self.scaler = self.stepper.scaler

        self.phases: tuple[Phase, ...] = ("train_eval", "test")
        if config.validation:
            self.phases = ("train_eval", "valid", "test")
        # By metric, one value per evaluation; then the other series of a record.
        self.series: defaultdict[str, list[float]] = defaultdict(list)
        self.group_learning_rates: list[list[float]] = []  # of each group, by epoch
        self.epoch = 0  # epochs trained and evaluated
        self.step_in_epoch = 0
        # Losses of this epoch's steps, on the device: a buffer that is read with one transfer.
        self.losses = torch.zeros(self.steps_per_epoch, device=built.device)
        self.seconds = 0.0  # of training in this epoch
        self.diverged = False
        self.started = now()
        self.training_mode()

    @property
    def steps_taken(self) -> int:
        """Number of steps in all completed epochs, and in a diverged one."""
        return self.epoch * self.steps_per_epoch + self.step_in_epoch

    def fit(self) -> None:
        """Trains and evaluates from the current position to the end, or until the run diverges."""
        if not self.series["evaluation_seconds"]:
            self.evaluate(after=0)
        while self.epoch < self.epochs and not self.diverged:
            self.train_epoch()
            if self.diverged:
                break
            if self.average is not None:
                self.average.after_epoch(self.epoch + 1)
            loss = self.evaluate(after=self.epoch + 1)
            self.schedule.after_epoch(loss)
            self.epoch, self.step_in_epoch = self.epoch + 1, 0
            self.callbacks.on_epoch_end(self)

    def train_epoch(self) -> None:
        """Trains the rest of the current epoch; losses stay on the device until its end."""
        if self.step_in_epoch == 0:
            rates = [float(group.get("lr", math.nan)) for group in self.optimizer.param_groups]
            self.series["learning_rates"].append(rates[0])
            self.group_learning_rates.append(rates)
        look = _STEPS_BETWEEN_LOOKS.get(self.built.device.type, _STEPS_BETWEEN_LOOKS_ELSEWHERE)
        batches = self.built.batches(
            "train", epoch=self.epoch, start=self.step_in_epoch, shard=self.processes.shard
        )
        begin = perf_counter() - self.seconds
        for batch in batches:
            self.losses[self.step_in_epoch] = self.training_step(batch)
            if self.average is not None:
                self.average.after_step()
            self.step_in_epoch += 1
            self.schedule.after_step()
            if self.step_in_epoch % look == 0 and self.is_diverged():
                break
            self.seconds = perf_counter() - begin
            if self.callbacks.step_callbacks:
                self.callbacks.on_step_end(self)
                begin = perf_counter() - self.seconds  # saving a checkpoint is not training
        self.finish_epoch(begin)

    def training_step(self, batch: Batch) -> Tensor:
        """Takes one optimizer step; override it for a custom step.

        Give the subclass to `run` as `trainer="package.module.Class"`: its path becomes part of
        what defines the run. `self.optimizer` is the optimizer, `self.built` the problem,
        `self.objective(batch)` the loss to minimize, and `self.stepper` takes the default step.

        Args:
            batch: The batch of this step, on the device.

        Returns:
            The objective before the step: a detached scalar on the device.

        Raises:
            OptimizerError: If the optimizer raised an error in its step.
        """
        return self.stepper.step(batch)

    def objective(self, batch: Batch) -> Tensor:
        """Returns the loss to minimize, in the run's precision, through all wrappers of the model.

        Args:
            batch: The batch of this step, or a part of it.

        Returns:
            The mean loss plus the regularizer, a differentiable scalar.
        """
        return self.stepper.objective(batch)

    def finish_epoch(self, begin: float) -> None:
        """Copies the epoch's losses from the device."""
        losses = self.processes.sum(self.losses[: self.step_in_epoch]) / self.processes.world_size
        values = losses.tolist()  # synchronises, so read the clock afterwards
        self.series["epoch_seconds"].append(perf_counter() - begin)
        self.series["passes"].append(self.stepper.passes)
        self.stepper.passes = 0
        self.series["minibatch_losses"] += values[::LOG_INTERVAL]
        # Loss scaling skips overflowing steps, so a single non-finite loss is not a divergence.
        self.diverged = not self.scaler.is_enabled() and not all(map(math.isfinite, values))
        self.seconds = 0.0

    def is_diverged(self) -> bool:
        """Returns whether the last loss is not finite; several processes check once per epoch."""
        if self.scaler.is_enabled() or self.processes.world_size > 1:
            return False
        return not math.isfinite(self.losses[self.step_in_epoch - 1])

    def evaluate(self, *, after: int) -> float:
        """Evaluates all phases after so many epochs.

        Returns:
            The loss for ReduceLROnPlateau.
        """
        begin = perf_counter()
        # Evaluate the first process's model, which is also the one that is saved.
        self.processes.share_buffers(self.built.model)
        average = self.average
        metrics: dict[str, float] = {}
        if average is not None and average.raw:
            metrics = {f"raw_{name}": value for name, value in self.measure().items()}
        stepped = bool(self.epoch or self.step_in_epoch)
        with weights_to_evaluate(self.built, self.optimizer, average, stepped=stepped):
            metrics |= self.measure()
            for name, value in metrics.items():
                self.series[name].append(value)
            self.series["evaluation_seconds"].append(perf_counter() - begin)
            # Of the losses alone: a perplexity may be infinite where the loss is not.
            losses = [value for name, value in metrics.items() if name.endswith("_loss")]
            self.diverged = not all(map(math.isfinite, losses))
            metrics |= self.best_so_far()
            if after:
                metrics["learning_rate"] = self.series["learning_rates"][-1]
                metrics["seconds"] = self.series["epoch_seconds"][-1]
            self.callbacks.on_evaluation(after, metrics)
        self.training_mode()
        return metrics.get("valid_loss", metrics["train_loss"])

    def measure(self) -> dict[str, float]:
        """Returns the metrics of all phases for the weights in the model."""
        metrics: dict[str, float] = {}
        reduce = self.processes.sum if self.processes.world_size > 1 else None
        with autocast(self.config.precision, self.built.device):
            for phase in self.phases:
                found = self.built.evaluate(phase, shard=self.processes.shard, reduce=reduce)
                name = phase.removesuffix("_eval")
                metrics |= {f"{name}_{metric}": value for metric, value in found.values.items()}
                metrics[f"{name}_loss"] = found.loss + found.regularizer
                metrics[f"{name}_regularizer"] = found.regularizer
        return metrics

    def best_so_far(self) -> dict[str, float]:
        """Returns the best value of the primary metric on each phase but training's."""
        metric = self.built.problem.metric
        best = max if metric.higher_is_better else min
        return {
            f"best_{name}": best(filter(math.isfinite, self.series[name]), default=math.nan)
            for name in (f"{phase}_{metric.name}" for phase in self.phases[1:])
        }

    def training_mode(self) -> None:
        """Restores the training weights and training mode of optimizer and model."""
        self.built.model.train()
        tell(self.optimizer, "train")  # schedule-free optimizers keep two sets of weights

    def state_dict(self) -> dict[str, Any]:
        """Returns everything needed to resume exactly; a collective call of all processes."""
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state: The state.

        Raises:
            CheckpointError: If it was written by another number of processes, or the optimizer
                refuses its part.
        """
        restore(self, state)


def trainer_class(config: RunConfig) -> type[Trainer]:
    """Returns the class that trains a run: `Trainer`, or the configuration's own subclass.

    Raises:
        UsageError: If the class cannot be imported or is not a subclass of `Trainer`.
    """
    if config.trainer is None:
        return Trainer
    module, _, name = config.trainer.rpartition(".")
    found = getattr(import_users(module), name, None)
    if not (isinstance(found, type) and issubclass(found, Trainer)):
        raise UsageError(f"trainer must be a subclass of Trainer, not {config.trainer}.")
    return found


def now() -> str:
    """Returns the current time for records: ISO 8601 to the second, with time zone."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
