"""Optimizers: lookup, checks, construction and calls."""

from ._assemble import build_optimizer, calls_in_force, check_step
from ._averaging import AVERAGES, WeightAverage, batch_norms, check_averaging
from ._build import Part, make_optimizer
from ._calls import Calls, check_calls, hint_for, refuse
from ._check import check_hyperparameters, check_lr
from ._find import FoundOptimizer, OptimizerLike, find_optimizer, optimizer_path
from ._groups import Group, check_groups, parse_group, read_groups
from ._joined import JoinedOptimizer, MatrixOptimizer
from ._parameters import NamedParameter, named_parameters
from ._recipes import muon
from ._reference import ReferenceOptimizer
from ._state import load_optimizer_state, restore_state, savable_state, state_bytes
from ._table import OPTIMIZERS
from ._trial import own_randomness, replica, resumes_exactly, trial_model, without_warnings
from ._wrappers import SAM, WRAPPERS, GradientCentralization, Lookahead, ScheduleFree

__all__ = [
    "AVERAGES",
    "OPTIMIZERS",
    "SAM",
    "WRAPPERS",
    "Calls",
    "FoundOptimizer",
    "GradientCentralization",
    "Group",
    "JoinedOptimizer",
    "Lookahead",
    "MatrixOptimizer",
    "NamedParameter",
    "OptimizerLike",
    "Part",
    "ReferenceOptimizer",
    "ScheduleFree",
    "WeightAverage",
    "batch_norms",
    "build_optimizer",
    "calls_in_force",
    "check_averaging",
    "check_calls",
    "check_groups",
    "check_hyperparameters",
    "check_lr",
    "check_step",
    "find_optimizer",
    "hint_for",
    "load_optimizer_state",
    "make_optimizer",
    "muon",
    "named_parameters",
    "optimizer_path",
    "own_randomness",
    "parse_group",
    "read_groups",
    "refuse",
    "replica",
    "restore_state",
    "resumes_exactly",
    "savable_state",
    "state_bytes",
    "trial_model",
    "without_warnings",
]
