"""The state of a run that is being trained: for checkpoints, and from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.optim import Optimizer

from ..common import CheckpointError
from ..optimizers import build_optimizer, restore_state, resumes_exactly, savable_state
from ._rng import random_state, set_random_state

if TYPE_CHECKING:
    from ._trainer import Trainer


def state_of(trainer: Trainer) -> dict[str, Any]:
    """Returns everything needed to resume exactly; a collective call of all processes."""
    return {
        "epoch": trainer.epoch,
        "step_in_epoch": trainer.step_in_epoch,
        "seconds": trainer.seconds,
        "series": dict(trainer.series),
        "group_learning_rates": trainer.group_learning_rates,
        "passes": trainer.stepper.passes,
        "average": None if trainer.average is None else trainer.average.state_dict(),
        "losses": trainer.processes.sum(trainer.losses[: trainer.step_in_epoch].clone()),
        "model": trainer.built.model.state_dict(),
        "optimizer": savable_state(trainer.optimizer),
        "schedule": trainer.schedule.state_dict(),
        "scaler": trainer.scaler.state_dict(),
        "problems": trainer.processes.gather(trainer.built.state_dict()),
        "random": random_state(),
        "cost": trainer.timer.medians(),
        "started": trainer.started,
    }


def restore(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Restores what `state_dict` returned.

    Raises:
        CheckpointError: If it was written by another number of processes.
    """
    if len(state["problems"]) != trainer.processes.world_size:
        raise CheckpointError(
            f"The checkpoint was written by {len(state['problems'])} processes; resume with as "
            f"many, not with {trainer.processes.world_size}."
        )
    if not (0 <= state["epoch"] <= trainer.epochs and state["step_in_epoch"] >= 0):
        raise ValueError(f"epoch {state['epoch']} of {trainer.epochs}")
    trainer.epoch, trainer.step_in_epoch = state["epoch"], state["step_in_epoch"]
    trainer.seconds = state["seconds"]
    trainer.series = defaultdict(list, state["series"])
    trainer.group_learning_rates = state["group_learning_rates"]
    trainer.stepper.passes = state["passes"]
    if trainer.average is not None:
        trainer.average.load_state_dict(state["average"])
    # This is the sum over all processes, and `finish_epoch` sums again: the others add 0.
    trainer.losses[: trainer.step_in_epoch] = state["losses"] if trainer.processes.main else 0.0
    trainer.built.model.load_state_dict(state["model"])
    _restore_optimizer(trainer.optimizer, state["optimizer"], trainer.config.optimizer_name)
    trainer.schedule.load_state_dict(state["schedule"])
    trainer.scaler.load_state_dict(state["scaler"])
    trainer.built.load_state_dict(state["problems"][trainer.processes.rank])
    set_random_state(state["random"])
    trainer.timer.earlier, trainer.started = state["cost"], state["started"]


def why_not_resumed_exactly(trainer: Trainer) -> str | None:
    """Returns why the optimizer cannot be resumed exactly, or None if it can."""
    config = trainer.config

    def make(module: nn.Module) -> Optimizer:
        return build_optimizer(
            config.found, module, config.lr, config.hyperparameters, config.parameter_groups
        )

    return resumes_exactly(make, trainer.built.model, trainer.stepper.calls)


def _restore_optimizer(optimizer: Optimizer, state: Mapping[str, Any], name: str) -> None:
    """Restores the optimizer.

    Raises:
        CheckpointError: If its state could not be saved, or it refuses the state.
    """
    why = restore_state(optimizer, state)
    if why is not None:
        raise CheckpointError(
            f"The optimizer {name} cannot be resumed: {why}. Start the run again without resuming, "
            "or correct its state_dict and load_state_dict."
        )
