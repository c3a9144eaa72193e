"""The study of a report: runs, chosen settings and styles."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from ... import analysis
from ...common import unknown
from ...results import Search
from ._arrays import Runs
from ._style import MethodStyle, method_styles

# Units of time: the name in the tidy frame and on the page's axes, and the name in analysis.
MEASURES: dict[str, analysis.Measure] = {
    "epoch": "epochs",
    "steps": "steps",
    "examples": "examples",
    "tokens": "tokens",
    "seconds": "seconds",
}


@dataclass(frozen=True)
class Setting:
    """Runs of one method on one problem that only differ in their seed, or studies' choices.

    Attributes:
        problem: The problem's name.
        method: The method's label.
        learning_rate: The learning rate; NaN for the choices of several studies, which differ.
        runs: Their indices in the `Runs`.
        studies: Whether they are the choices of several studies.
    """

    problem: str
    method: str
    learning_rate: float
    runs: list[int]
    studies: bool = False


@dataclass(frozen=True)
class Study:
    """A tidy frame with cached analyses, shared by all parts of a report.

    Attributes:
        frame: The tidy frame.
        runs: Its runs.
        tuned: The setting chosen for each method, as `analysis.tuned_settings` returns it.
        settings: All settings.
        chosen: The chosen setting of each method, without the seeds that chose it if there are
            others.
        styles: The style of each method.
        given_targets: Targets in place of the problems' own, by problem.
        target_phase: Phase that targets refer to: "valid" is AlgoPerf's rule.
        searches: The records of the searches that the runs belong to.
    """

    frame: pd.DataFrame
    runs: Runs
    tuned: pd.DataFrame
    settings: list[Setting]
    chosen: list[Setting]
    styles: dict[str, MethodStyle]
    given_targets: Mapping[str, analysis.Target] = field(default_factory=dict)
    target_phase: analysis.Phase = "test"
    searches: tuple[Search, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame | Study) -> Study:
        """Prepares a tidy frame; a study is returned as it is.

        Args:
            frame: A tidy frame with at least one run, or a study.

        Returns:
            The study.
        """
        if isinstance(frame, Study):
            return frame
        runs = Runs.of(frame)
        tuned = analysis.tuned_settings(frame)
        settings: dict[tuple[str, str, str], Setting] = {}
        for run, row in enumerate(runs.rows):
            problem, method = row["problem"], row["method"]
            several = row["setting"] == analysis.STUDIES_CHOICE
            rate = math.nan if several else float(row["learning_rate"])
            key = (problem, method, row["setting"])
            settings.setdefault(key, Setting(problem, method, rate, [], several)).runs.append(run)
        columns = tuned[["problem", "method", "setting", "left_out"]]
        choices = columns.itertuples(index=False, name=None)
        return cls(
            frame=frame,
            runs=runs,
            tuned=tuned,
            settings=list(settings.values()),
            chosen=[_without(runs, settings[tuple(key)], seeds) for *key, seeds in choices],
            styles=method_styles(runs.distinct("method")),
        )

    @cached_property
    def tuned_runs(self) -> pd.DataFrame:
        """The tidy frame's rows of the runs that count: `analysis.judged_runs`."""
        return analysis.judged_runs(self.frame, self.tuned)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Final and best performance of the runs that count: `analysis.summary_table`."""
        counted = self.frame["run_id"].isin(self.tuned_runs["run_id"])
        return analysis.summary_table(self.frame[counted], tuned=self.tuned)

    @cached_property
    def verdict(self) -> analysis.StudyVerdict:
        """The findings of the study: `analysis.study_verdict`."""
        return analysis.study_verdict(self.frame, tuned=self.tuned, flags=self.flags)

    @cached_property
    def cells(self) -> dict[tuple[str, str], analysis.Cell]:
        """Each method's result, by problem and method."""
        return {(cell.problem, cell.method): cell for cell in self.verdict.cells}

    def cell(self, problem: str, method: str) -> analysis.Cell:
        """Returns the result of a method on a problem.

        Args:
            problem: The problem's name.
            method: The method's label.
        """
        return self.cells[problem, method]

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Comparisons of all pairs of methods on each problem: `analysis.compare`."""
        return analysis.compare(self.frame, tuned=self.tuned, flags=self.flags)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Comparisons of all pairs of methods over all problems: `analysis.compare_overall`."""
        return analysis.compare_overall(self.frame, tuned=self.tuned)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Mean final values by problem and method, larger being better: `analysis.score_matrix`."""
        return analysis.score_matrix(self.tuned_runs)

    @cached_property
    def flags(self) -> pd.DataFrame:
        """Groups of runs that a mean misrepresents: `analysis.group_flags`."""
        return analysis.group_flags(self.frame, self.tuned)

    @cached_property
    def goals(self) -> dict[str, analysis.Target]:
        """The target of each problem that has one: `analysis.problem_targets`."""
        return analysis.problem_targets(self.frame, self.given_targets, self.target_phase)

    @cached_property
    def targets(self) -> pd.DataFrame:
        """When the targets were reached: `analysis.target_table` of the runs that count."""
        return analysis.target_table(self.tuned_runs, self.goals, self.target_phase)

    @cached_property
    def times(self) -> dict[str, pd.DataFrame]:
        """Times to target by measure: `analysis.times_to_target` of the runs that count."""
        goals, phase = self.goals, self.target_phase
        return {
            name: analysis.times_to_target(self.tuned_runs, name, goals, phase)
            for name in MEASURES.values()
        }

    @cached_property
    def frontiers(self) -> dict[analysis.Measure, pd.DataFrame]:
        """The frontier by measure of cost: `analysis.speed_frontier`."""
        return {cost: analysis.speed_frontier(self.tuned_runs, cost) for cost in MEASURES.values()}

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The sensitivity to the learning rate: `analysis.sensitivity_table`."""
        return analysis.sensitivity_table(self.frame, tuned=self.tuned)

    @cached_property
    def tunability(self) -> pd.DataFrame:
        """The expected best by number of trials: `analysis.tunability`."""
        return analysis.tunability(self.frame)

    @cached_property
    def overhead(self) -> pd.DataFrame:
        """The cost of the optimizers' steps: `analysis.optimizer_overhead`."""
        return analysis.optimizer_overhead(self.frame)

    @property
    def problems(self) -> list[str]:
        """The problems' names in alphabetical order."""
        return self.runs.distinct("problem")

    def metrics_on(self, problem: str) -> list[str]:
        """Returns the names of the metrics that were measured on a problem, the loss first."""
        return analysis.problem_metrics(self.frame, problem)

    def larger(self, problem: str, metric: str) -> bool:
        """Returns whether larger values of a metric are better: `analysis.higher_is_better`.

        Args:
            problem: The problem's name.
            metric: A column of the tidy frame.
        """
        return analysis.higher_is_better(self.frame, problem, metric)

    def settings_on(self, problem: str) -> list[Setting]:
        """Returns the settings tried on a problem."""
        return [setting for setting in self.settings if setting.problem == problem]

    def chosen_on(self, problem: str) -> list[Setting]:
        """Returns the chosen settings on a problem."""
        return [setting for setting in self.chosen if setting.problem == problem]

    def several_rates(self, problem: str) -> bool:
        """Returns whether any method was tried with more than one learning rate on a problem."""
        rates = {(s.method, s.learning_rate) for s in self.settings_on(problem)}
        return len(rates) > len({method for method, _ in rates})

    def rates_on(self, problem: str) -> list[Setting]:
        """Returns variants of the chosen settings with other learning rates, in increasing order.

        As in `analysis.sensitivity_curve`, only with the seeds that all of a method's rates share,
        or with all runs if they share none.
        """
        rows, found = self.runs.rows, []
        choices = self.tuned[self.tuned["problem"] == problem]
        for method, tried in zip(choices["method"], choices["searched_setting"], strict=True):
            rest = analysis.all_but_rate(tried)
            alike = [
                setting
                for setting in self.settings_on(problem)
                if setting.method == method
                and analysis.all_but_rate(rows[setting.runs[0]]["setting"]) == rest
                and {rows[run]["role"] for run in setting.runs} != {"repeat"}
            ]
            if not alike:  # a search whose trials have no record
                continue
            seeds = [{rows[run]["seed"] for run in setting.runs} for setting in alike]
            shared = set.intersection(*seeds)
            for setting in alike:
                counted = [run for run in setting.runs if rows[run]["seed"] in shared]
                found.append(replace(setting, runs=counted or setting.runs))
        return sorted(found, key=lambda setting: setting.learning_rate)

    def measured(self, problem: str, metric: str) -> bool:
        """Returns whether any run on a problem has values of a metric.

        Args:
            problem: The problem's name.
            metric: A column of the tidy frame.
        """
        runs = self.runs
        return any(runs.has(run, metric) for s in self.settings_on(problem) for run in s.runs)


def check_problem(study: Study, problem: str) -> None:
    """Raises `UsageError` unless there is a run on the problem."""
    if problem not in study.problems:
        there = f"there are {', '.join(study.problems)}."
        raise unknown("problem in the results", problem, study.problems, there)


def _without(runs: Runs, setting: Setting, seeds: Collection[int]) -> Setting:
    """Returns a setting without the runs of some seeds."""
    return replace(setting, runs=[r for r in setting.runs if runs.rows[r]["seed"] not in seeds])
