"""Builds a problem from its definition, a seed and a device."""

from __future__ import annotations

import inspect
import math
from pathlib import Path

import torch
from torch import nn

from deepobs.data import Dataset, Facts, derive_seed

from ._built import BuiltProblem
from ._catalogue import get_problem
from ._problem import Problem


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
    """Builds a problem: loads its data, draws its weights and moves both to a device.

    Global random state is neither read nor changed. The same seed gives the same weights, order of
    examples, augmentation and noise.

    Args:
        problem: The name of a problem in the catalogue, or your own `Problem`.
        seed: Seed of everything random.
        device: Such as `"cpu"`, `"cuda"` or `"cuda:1"`.
        batch_size: Number of examples of a training batch; the default is the problem's.
        weight_decay: Factor of the L2 regularizer; the default is the problem's, 0 turns it off.
        data_root: Folder of the data files; the default is $DEEPOBS_DATA_DIR, else the user's
            cache folder.
        validation: Fraction of the training set, from 0 to below 1, held out as phase `"valid"`.
        replay: Whether every epoch repeats the order and augmentation of the first one, as in the
            original.
        dataset: Data set to use instead of the problem's.

    Returns:
        A new `BuiltProblem`.

    Raises:
        UnknownProblemError: If there is no problem of that name.
        deepobs.data.DatasetNotFoundError: If the data files are missing.
        ValueError: If an argument is out of range.
    """
    if isinstance(problem, str):
        problem = get_problem(problem)
    check_arguments(problem, batch_size, weight_decay, validation)
    device = torch.device(device)
    if dataset is None:
        dataset = problem.dataset(root=data_root)
    if validation:
        dataset = dataset.with_validation(validation)
    batch_size = problem.batch_size if batch_size is None else batch_size
    if problem.full_batch:  # of which a validation split leaves fewer
        batch_size = min(batch_size, dataset.num_examples("train"))
    model = _draw_model(problem, dataset.facts, derive_seed(seed, "weights")).to(device)
    return BuiltProblem(
        problem,
        model,
        dataset.to(device),
        batch_size=batch_size,
        weight_decay=(problem.weight_decay or 0.0) if weight_decay is None else weight_decay,
        seed=seed,
        device=device,
        replay=replay,
    )


def _draw_model(problem: Problem, facts: Facts, seed: int) -> nn.Module:
    """Returns a new model; its weights are drawn on the CPU, so that every device gets the same."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.random.manual_seed(seed)
        if _takes_facts(problem):
            return problem.model(facts=facts)
        return problem.model()


def _takes_facts(problem: Problem) -> bool:
    try:
        return "facts" in inspect.signature(problem.model).parameters
    except ValueError:  # some built-in callables have no signature
        return False


def check_arguments(
    problem: Problem,
    batch_size: int | None,
    weight_decay: float | None = None,
    validation: float = 0.0,
) -> None:
    """Raises ValueError if an argument of `build` is out of range."""
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(f"batch_size must be a positive integer, not {batch_size!r}.")
    if problem.full_batch and batch_size not in (None, problem.batch_size):
        raise ValueError(
            f"{problem.name} is trained on as one batch of {problem.batch_size} examples, so"
            f" batch_size cannot be {batch_size}: leave it out."
        )
    if not 0 <= validation < 1:
        raise ValueError(f"validation must be a fraction from 0 to below 1, not {validation!r}.")
    if weight_decay is None:
        return
    if not (math.isfinite(weight_decay) and weight_decay >= 0):
        raise ValueError(
            f"weight_decay must be a finite number of at least 0, not {weight_decay!r}."
        )
    if weight_decay and problem.weight_decay is None:
        raise ValueError(
            f"{problem.name} has no regularizer, so weight_decay={weight_decay} would have no"
            " effect; leave it out, or add a regularizer with dataclasses.replace(problem, "
            "weight_decay=…, regularized=…)."
        )
