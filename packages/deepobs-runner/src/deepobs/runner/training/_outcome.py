"""Creation of the record of a finished run."""

from __future__ import annotations

from typing import Any

from deepobs.problems import LOSS

from ..common import UsageError
from ..config import RunConfig
from ..optimizers import state_bytes
from ..results import PLURALS, Record
from ._environment import measured
from ._step_timer import peak_memory_bytes
from ._trainer import LOG_INTERVAL, Trainer, now

_PHASES = ("train", "test", "valid")


def record_of(trainer: Trainer, environment: dict[str, Any]) -> Record:
    """Returns the record of a finished or diverged run.

    Args:
        trainer: The run, finished or diverged.
        environment: The environment returned by `environment_of`.
    """
    config, series = trainer.config, trainer.series
    schedule = config.to_dict()["schedule"]
    stepped = schedule["name"] == "step"
    evaluated: dict[str, Any] = {
        f"{phase}_{plural}": series[f"{phase}_{metric}"]
        for phase in _PHASES
        for metric, plural in PLURALS.items()
        if f"{phase}_{metric}" in series
    }
    return Record(
        **evaluated,
        minibatch_train_losses=series["minibatch_losses"],
        optimizer=config.optimizer_name,
        testproblem=config.problem_name,
        weight_decay=config.weight_decay,
        batch_size=trainer.built.batch_size,
        num_epochs=trainer.epochs,
        learning_rate=config.lr,
        lr_sched_epochs=schedule["epochs"] if stepped else None,
        lr_sched_factors=schedule["factors"] if stepped else None,
        random_seed=config.seed,
        train_log_interval=LOG_INTERVAL,
        hyperparams=config.to_dict()["hyperparameters"],
        status="diverged" if trainer.diverged else "finished",
        run_id=_identity(config),
        config=config.to_dict(),
        problem_version=config.problem_version,
        primary_metric=config.problem_value.metric.name,
        metrics=_metrics(trainer),
        convergence_target=config.problem_value.convergence_target,
        sequence_length=trainer.built.dataset.facts.sequence_length,
        learning_rates=series["learning_rates"],
        num_steps=trainer.steps_per_epoch,
        epoch_seconds=series["epoch_seconds"],
        evaluation_seconds=series["evaluation_seconds"],
        cost={
            **trainer.timer.medians(),
            "optimizer_state_bytes": measured(state_bytes, trainer.optimizer),
            "peak_memory_bytes": measured(peak_memory_bytes, trainer.built.device),
            "num_parameters": sum(parameter.numel() for parameter in trainer.parameters),
            "passes_per_step": sum(series["passes"]) / max(1, trainer.steps_taken),
        },
        passes=series["passes"],
        parameter_groups=_parameter_groups(trainer),
        raw_metrics=_raw_metrics(trainer),
        environment=environment,
        started=trainer.started,
        finished=now(),
    )


def _metrics(trainer: Trainer) -> dict[str, dict[str, Any]]:
    """Returns each metric's direction, and the series that have no field of their own."""
    metrics = {}
    for metric in (LOSS, *trainer.config.problem_value.all_metrics):
        found: dict[str, Any] = {"higher_is_better": metric.higher_is_better}
        if metric.name not in PLURALS:
            series = {phase: trainer.series.get(f"{phase}_{metric.name}") for phase in _PHASES}
            found |= {phase: values for phase, values in series.items() if values is not None}
        metrics[metric.name] = found
    return metrics


def _parameter_groups(trainer: Trainer) -> dict[str, Any] | None:
    """Returns each group's parameters and learning rates; None for a default group."""
    groups = trainer.optimizer.param_groups
    if len(groups) == 1 and not trainer.config.groups:
        return None
    names = {parameter: name for name, parameter in trainer.built.model.named_parameters()}
    rates = zip(*trainer.group_learning_rates, strict=True)
    held = [[] for _ in groups] if not trainer.group_learning_rates else [list(r) for r in rates]
    return {
        "groups": list(trainer.config.groups),
        "parameters": [[names[p] for p in group["params"]] for group in groups],
        "num_parameters": [sum(p.numel() for p in group["params"]) for group in groups],
        "learning_rates": held,
    }


def _raw_metrics(trainer: Trainer) -> dict[str, list[float]] | None:
    """Returns the series of the unaveraged weights, if they were evaluated as well."""
    raw = {k.removeprefix("raw_"): v for k, v in trainer.series.items() if k.startswith("raw_")}
    return raw or None


def _identity(config: RunConfig) -> str:
    try:
        return config.run_id
    except UsageError:  # only runs with a results folder need an identity
        return ""
