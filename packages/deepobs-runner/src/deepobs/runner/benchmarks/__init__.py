"""Benchmarks: optimizers searched, repeated and compared on several problems by a protocol."""

from ._benchmark import BenchmarkResult, benchmark, prepare
from ._estimate import BenchmarkCost, SearchCost, estimate_cost
from ._methods import Method
from ._plan import BenchmarkPlan, Entry, plan_benchmark
from ._problem_sets import PROBLEM_SETS, read_problems

__all__ = [
    "PROBLEM_SETS",
    "BenchmarkCost",
    "BenchmarkPlan",
    "BenchmarkResult",
    "Entry",
    "Method",
    "SearchCost",
    "benchmark",
    "estimate_cost",
    "plan_benchmark",
    "prepare",
    "read_problems",
]
