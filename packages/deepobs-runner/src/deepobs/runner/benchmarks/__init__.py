"""Benchmarks: optimizers searched, repeated and compared on several problems by a protocol."""

from ._algoperf import algoperf_score, study_times
from ._benchmark import BenchmarkResult, benchmark, execute, prepare
from ._estimate import BenchmarkCost, SearchCost, estimate_cost
from ._methods import Method
from ._overview import Overview
from ._plan import BenchmarkPlan, Entry, plan_benchmark
from ._problem_sets import PROBLEM_SETS, read_problems
from ._references import installed_references

__all__ = [
    "PROBLEM_SETS",
    "BenchmarkCost",
    "BenchmarkPlan",
    "BenchmarkResult",
    "Entry",
    "Method",
    "Overview",
    "SearchCost",
    "algoperf_score",
    "benchmark",
    "estimate_cost",
    "execute",
    "installed_references",
    "plan_benchmark",
    "prepare",
    "read_problems",
    "study_times",
]
