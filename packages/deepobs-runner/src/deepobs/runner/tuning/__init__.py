"""Tuning: search spaces, strategies and the search itself."""

from ._result import Trial, TuneResult
from ._space import Choice, Integer, LogUniform, Uniform, parse_space
from ._tune import tune

__all__ = [
    "Choice",
    "Integer",
    "LogUniform",
    "Trial",
    "TuneResult",
    "Uniform",
    "parse_space",
    "tune",
]
