"""What a reference optimizer is, and where the search spaces are from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._calls import Calls

#: Sources of search spaces, to be completed by the optimizer's name there.
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
    """An optimizer of the reference table.

    Attributes:
        name: What it is called here.
        description: What it does, in one line.
        paper: Where it is from.
        optimizer: What makes it, as `find_optimizer` takes it.
        package: The package it comes from; `"torch"`, or one of the extra `optimizers`.
        lr: The default learning rate.
        hyperparameters: Default hyperparameters, where they differ from the class's own.
        space: The search space: ranges by name, as `tune` takes them.
        source: Where the space is from; what is ours is marked so.
        calls: How it is called.
        state: Numbers of state per parameter.
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
