"""Tuning: search spaces, strategies and the search itself."""

from ._default_space import SourcedSpace, default_space
from ._result import Trial, TuneResult
from ._space import Choice, Integer, LogUniform, Uniform, parse_space
from ._tune import tune

__all__ = [
    "Choice",
    "Integer",
    "LogUniform",
    "SourcedSpace",
    "Trial",
    "TuneResult",
    "Uniform",
    "default_space",
    "parse_space",
    "tune",
]
