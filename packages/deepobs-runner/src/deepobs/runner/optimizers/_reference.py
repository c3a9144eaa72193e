"""Entries of the table of reference optimizers, and the sources of search spaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._calls import Calls

#: Sources of search spaces, to be formatted with the optimizer's name.
ALGOPERF = (
    "AlgoPerf's archived paper baselines, {0} (mlcommons/algorithmic-efficiency, "
    "algorithms/archived_paper_baselines/{0}/tuning_search_space.json)"
)
FANTASTIC = (
    "Wen et al., Fantastic Pretraining Optimizers (arXiv 2509.02046), Phase I grid of {0} for 130M "
    "parameters (marin-community/marin, exp725_{0}sweep_130M_1)"
)
EPFML = "epfml/llm-optimizer-benchmark, scripts/124m/{0}.sh"
LARGE_DECAY = "; weight decays above 0.2 left out (ours): they are for language models"


#: The range of learning rates that AlgoPerf gives optimizers of Adam's kind.
ADAM_LR = "log:1e-4:1e-2"


@dataclass(frozen=True, kw_only=True)
class ReferenceOptimizer:
    """An entry of the table of reference optimizers.

    Attributes:
        name: Its name.
        description: One line about the method.
        paper: The source of the method.
        optimizer: Its class or recipe, as `find_optimizer` takes it.
        package: Its package: `"torch"`, or one of the extra `optimizers`.
        lr: The default learning rate.
        hyperparameters: Default hyperparameters, where they differ from the class's own.
        space: The search space: ranges by name, as `tune` takes them.
        source: Source of the search space; our own parts are marked as such.
        calls: How it is called.
        state: State values per parameter.
        passes: Evaluations of the gradient per step; a Hessian-vector product counts as one.
    """

    name: str
    description: str
    paper: str
    optimizer: str
    package: str = "torch"
    lr: float
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, str]
    source: str
    calls: Calls = Calls.STEP
    state: str
    passes: str = "1"
