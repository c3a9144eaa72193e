"""The checks of ``deepobs check``: builds a problem and tries every rule on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from deepobs.data import CorruptDatasetError, DataRootError, Dataset, DatasetNotFoundError

from ._build import build, check_arguments
from ._built import BuiltProblem
from ._probes import BrokenRuleError, Case, require
from ._problem import Problem
from ._rules import RULES, Rule

# Files that are missing or damaged say nothing about the problem.
_DATA_ERRORS = (DatasetNotFoundError, CorruptDatasetError, DataRootError)
_BUILDS = "Builds: data, and a model with parameters to train"


class Finding(NamedTuple):
    """The outcome of one check.

    Attributes:
        check: What was checked, in words.
        complaint: What is wrong and how to fix it, or None if the check passed.
    """

    check: str
    complaint: str | None


def check_problem(
    problem: Problem, *, data_root: str | Path | None = None, batch_size: int | None = None
) -> Iterator[Finding]:
    """Checks that a problem follows the rules that everything else relies on.

    Args:
        problem: The problem.
        data_root: Folder of the data files; default as in `build`.
        batch_size: Number of examples; the default is 2, or all of a full-batch problem.

    Yields:
        One `Finding` per rule, in order. The first says whether the problem can be built; if not,
        it is the only one.

    Raises:
        deepobs.data.DatasetNotFoundError: The data files are missing.
        deepobs.data.CorruptDatasetError: A data file has unexpected content.
        deepobs.data.DataRootError: The data folder cannot be used.
        ValueError: The batch size is not possible.
    """
    check_arguments(problem, batch_size=batch_size)
    size = (problem.batch_size if problem.full_batch else 2) if batch_size is None else batch_size

    def rebuild(seed: int = 1, dataset: Dataset | None = None) -> BuiltProblem:
        return build(problem, seed=seed, batch_size=size, data_root=data_root, dataset=dataset)

    try:
        built = rebuild()
        trained = any(p.requires_grad for p in built.model.parameters())
        require(trained, "Its model has no parameter to train.")
    except _DATA_ERRORS:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's problem raises is a finding
        yield Finding(_BUILDS, _complaint(error))
        return
    if not built.dataset.num_batches("train", size):
        raise ValueError(f"The training set of {problem.name} has no batch of {size}.")
    yield Finding(_BUILDS, None)
    case = Case(problem, built, rebuild)
    for rule in RULES:
        finding = _try(rule, case)
        yield finding
        if finding.complaint is not None:  # the model may be left in any state
            case = Case(problem, rebuild(dataset=built.dataset), rebuild)


def _try(rule: Rule, case: Case) -> Finding:
    try:
        # A rule may seed torch's global generator, which is the caller's.
        with torch.random.fork_rng(devices=[]):
            rule.check(case)
    except _DATA_ERRORS:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's problem raises is a finding
        return Finding(rule.text, _complaint(error))
    return Finding(rule.text, None)


def _complaint(error: Exception) -> str:
    if isinstance(error, BrokenRuleError):
        return str(error)
    return f"{type(error).__name__}: {error}"
