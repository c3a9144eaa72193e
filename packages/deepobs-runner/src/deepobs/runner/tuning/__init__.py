"""Tuning: search spaces, strategies and the search itself."""

from ._default_space import SourcedSpace, default_space
from ._planned import PlannedSearch, plan_search
from ._result import Trial, TuneResult
from ._space import Choice, Integer, LogUniform, Uniform, parse_space
from ._tune import tune

__all__ = [
    "Choice",
    "Integer",
    "LogUniform",
    "PlannedSearch",
    "SourcedSpace",
    "Trial",
    "TuneResult",
    "Uniform",
    "default_space",
    "parse_space",
    "plan_search",
    "tune",
]
