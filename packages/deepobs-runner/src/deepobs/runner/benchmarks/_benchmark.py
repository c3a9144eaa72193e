"""The benchmark of optimizers: searched, repeated, compared and reported by one call."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from deepobs.problems import Problem

from ..common import UsageError, printable, unknown
from ..optimizers import OptimizerLike
from ..protocols import DEFAULT_PROTOCOL, Budget, Protocol, get_protocol
from ..report import write_report
from ..results import folder_on_disk
from ..sweeps import Execution, Monitor, make_monitor
from ..tuning import TuneResult
from ._findings import Findings
from ._methods import Method
from ._overview import Overview
from ._plan import BenchmarkPlan, Entry, plan_benchmark
from ._problem_sets import read_problems
from ._references import (
    ALL_REFERENCES,
    Reference,
    find_references,
    installed_references,
    reference_names,
    search_file,
    take_over,
)
from ._sources import check_sources, save_source, with_sources

REPORT = "report.html"
_ON_DISK = "give a folder, or use `tune` or `sweep`"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """The outcome of a benchmark.

    Attributes:
        plan: The benchmark.
        searches: The record of each search.
        reports: The report of each length; empty if no run has a record.
        seconds: Duration of the call.
    """

    plan: BenchmarkPlan
    searches: Mapping[Entry, TuneResult]
    reports: Mapping[float, Path]
    seconds: float

    @property
    def failed(self) -> tuple[Entry, ...]:
        """The searches without a best setting, or with failed repetitions."""
        return tuple(
            entry
            for entry, search in self.searches.items()
            if search.repeats_failed or (search.num_trials and search.best is None)
        )


def benchmark(
    optimizers: OptimizerLike | Method | Sequence[OptimizerLike | Method],
    *,
    against: OptimizerLike | Method | Sequence[OptimizerLike | Method] = (),
    problems: str | Problem | Sequence[str | Problem] = "laptop",
    protocol: str | Protocol = DEFAULT_PROTOCOL,
    budget: str | float | Budget | None = None,
    lengths: Sequence[float] | None = None,
    space: Sequence[str] | Mapping[str, Any] | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    references: Sequence[str | Path] | None = None,
    results: str | Path,
    **execution: Any,
) -> BenchmarkResult:
    """Measures optimizers on several problems and reports how they compare.

    For each problem and optimizer, the best setting is searched for and repeated as the protocol
    says. All runs share the workers. The same call continues an interrupted benchmark.

    Args:
        optimizers: The optimizers to measure.
        against: Optimizers to compare them with, searched over the spaces of the reference table;
            "references" stands for all optimizers with matching results in deepobs-baselines.
        problems: A set (`laptop`, `small`, `large`), names, or problems of your own.
        protocol: The protocol: how optimizers are searched, repeated and compared.
        budget: A budget that replaces the protocol's, such as `20` or `"2e5 gradients"`.
        lengths: Lengths of the runs that replace the protocol's, as multiples of the problem's own.
        space: The search space of `optimizers`, as for `tune`; default: that of the protocol or of
            the reference table.
        hyperparameters: Hyperparameters of all runs of `optimizers`.
        references: Bundles and folders whose searches are reused where they match, instead of being
            run again; default: those of the package deepobs-baselines, if it is installed.
        results: Folder for the records and the report.
        **execution: How the runs are executed, as for `sweep`: `executor`, `workers`, `device`,
            `data_root`, `checkpoint_every`, `retries`, `executor_options`, `progress`,
            `callbacks`, `loggers`, `log_every`.

    Returns:
        The searches and the reports.

    Raises:
        UsageError: If an argument is wrong; nothing has been started.

    Example:
        >>> outcome = benchmark(
        ...     "SGD", problems="two_d_beale", protocol="demo", results="results", workers=0
        ... )  # doctest: +SKIP
    """
    started = time.perf_counter()
    plan = prepare(
        optimizers,
        against=against,
        problems=problems,
        protocol=protocol,
        budget=budget,
        lengths=lengths,
        space=space,
        hyperparameters=hyperparameters,
        references=references,
        results=results,
        **execution,
    )
    take_over(plan)
    searches = execute(plan)
    reports = {length: _report(plan, length) for length in plan.lengths}
    return BenchmarkResult(
        plan=plan,
        searches=searches,
        reports={length: path for length, path in reports.items() if path is not None},
        seconds=time.perf_counter() - started,
    )


def prepare(
    optimizers: OptimizerLike | Method | Sequence[OptimizerLike | Method],
    *,
    against: OptimizerLike | Method | Sequence[OptimizerLike | Method] = (),
    problems: str | Problem | Sequence[str | Problem] = "laptop",
    protocol: str | Protocol = DEFAULT_PROTOCOL,
    budget: str | float | Budget | None = None,
    lengths: Sequence[float] | None = None,
    space: Sequence[str] | Mapping[str, Any] | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    references: Sequence[str | Path] | None = None,
    results: str | Path,
    **execution: Any,
) -> BenchmarkPlan:
    """Checks the arguments of `benchmark` and returns its plan; nothing is started or written."""
    names = [item.name for item in fields(Execution) if item.name != "results"]
    for name in execution:
        if name not in names:
            raise unknown("argument of benchmark", name, names, f"it takes {', '.join(names)}.")
    ours = [_method(given, space, hyperparameters or {}) for given in _listed(optimizers)]
    if not ours:
        raise UsageError("A benchmark needs at least one optimizer.")
    theirs = [_method(given, None, {}) for given in _listed(against) if given != ALL_REFERENCES]
    compared = [*ours, *theirs]
    if ALL_REFERENCES in _listed(against):
        compared += _all_references({method.name for method in compared})
    plan = plan_benchmark(
        compared,
        read_problems(problems),
        get_protocol(protocol).changed(budget=budget, lengths=lengths),
        Execution(results=folder_on_disk(results, "A benchmark", _ON_DISK), **execution),
    )
    methods = {method.name: method for method in plan.methods}
    for entry, planned in plan.searches.items():
        check_sources(planned, methods[entry.method])
        plan.searches[entry] = with_sources(planned, methods[entry.method])
    sources = installed_references() if references is None else map(Path, references)
    return _with_references(plan, find_references(plan, tuple(sources)))


def _all_references(given: Collection[str]) -> list[Method]:
    """Returns the optimizers with packaged results, without those given and the uninstalled."""
    found, missing = [], []
    for name in reference_names():
        method = Method(optimizer=name, only_taken_over=True)
        try:
            found += [method] if method.found.name not in given else []
        except UsageError:  # its package is not installed, so its space cannot be checked
            missing.append(name)
    if missing:
        _log.warning(
            "The reference results of %s are left out, since the packages of these optimizers are "
            "not installed: pip install 'deepobs-runner[optimizers]'.",
            ", ".join(missing),
        )
    return found


def _with_references(plan: BenchmarkPlan, found: Mapping[Entry, Reference]) -> BenchmarkPlan:
    """Returns a plan that takes searches over, and leaves out those that it should only take."""
    only = {method.name for method in plan.methods if method.only_taken_over}
    searches = {
        entry: planned
        for entry, planned in plan.searches.items()
        if entry.method not in only or entry in found or search_file(planned).exists()
    }
    if only and only.isdisjoint(entry.method for entry in searches):
        raise UsageError(
            "No reference results fit this benchmark. Those of deepobs-baselines are of the "
            "protocol tuned-20 on the laptop set; name the optimizers to compare with instead."
        )
    methods = {entry.method for entry in searches}
    return replace(
        plan,
        searches=searches,
        references=found,
        methods=tuple(method for method in plan.methods if method.name in methods),
    )


def _listed(given: Any) -> Iterable[Any]:
    return given if isinstance(given, (list, tuple)) else [given]


def _method(given: Any, space: Any, hyperparameters: Mapping[str, Any]) -> Method:
    if isinstance(given, Method):
        return given
    return Method(optimizer=given, space=space, hyperparameters=hyperparameters)


def execute(plan: BenchmarkPlan, monitor: Monitor | None = None) -> Mapping[Entry, TuneResult]:
    """Executes the searches of a plan side by side.

    Args:
        plan: The plan.
        monitor: The progress display; default: the one that the plan's `progress` names.

    Returns:
        The record of each search.
    """
    execution = plan.execution
    monitor = monitor or make_monitor(
        execution.progress,
        live=partial(Overview, searches=plan.searches, workers=execution.workers_at_once()),
    )
    live = monitor if isinstance(monitor, Overview) else None
    tell = _print if live is None else live.say
    findings = Findings(plan, tell if execution.progress != "off" else _ignore)
    ready = execution.make_executor()  # local workers import torch meanwhile
    for method in plan.methods:
        for source in method.sources:
            for length in plan.lengths:
                save_source(source, plan.folder(length))
    rounds = {}
    for entry, planned in plan.searches.items():
        held = findings.watch(entry, planned.rounds())
        rounds[entry] = held if live is None else live.watch(entry, held)
    folders = {entry: plan.folder(entry.length) for entry in plan.searches}
    with ready:
        return execution.run_rounds(rounds, ready, folders=folders, monitor=monitor)


def _report(plan: BenchmarkPlan, length: float) -> Path | None:
    """Writes the report of a length; None if no run of it has a record."""
    folder = plan.folder(length)
    if not any(folder.glob("*/*/*/random_seed__*.json")):
        return None
    return write_report(folder, folder / REPORT)


def _print(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)  # noqa: T201 - progress is for stderr


def _ignore(line: str) -> None:
    """Shows nothing."""
