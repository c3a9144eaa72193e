"""What a study says, as values: one verdict on the whole, one a problem, one cell a result.

A report words these values and draws no conclusion of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ._power import most_runs

#: Level at which a winner is named.
ALPHA = 0.05

#: What a verdict finds:
#:
#: - "winner": one method beats every other at the level `ALPHA`.
#: - "tied": there are enough runs to see a large difference, and the best methods (`tied`) do not
#:   differ significantly.
#: - "too_few_runs": no difference, however large, could have been significant.
#: - "same_runs": the best method's setting was chosen by the very seeds that judge it.
#: - "unequal_epochs": methods were trained for unequal numbers of epochs; `tied` and `comparisons`
#:   are those trained as long as the leader.
#: - "alone": there is one method, or (over a study) no two share a problem.
#: - "all_diverged": no run of any method finished.
Kind = Literal[
    "winner", "tied", "too_few_runs", "same_runs", "unequal_epochs", "alone", "all_diverged"
]

#: How sure a winner is: "clear" if nothing in `reasons` withholds it, "likely" if the winner holds
#: at the level `ALPHA` for the runs there are, "none" without a winner.
Certainty = Literal["clear", "likely", "none"]

#: Why a verdict says no more than it does:
#:
#: - "not_told_apart": the test of the leader against `methods` does not reject.
#: - "too_few_runs": against `methods` no difference could have been significant.
#: - "same_runs": the settings of `methods` were chosen by the seeds that judge them.
#: - "unequal_budgets": `methods` had other tuning budgets than the leader; withholds "clear".
#: - "unequal_epochs": `methods` were trained for other numbers of epochs than the leader.
#: - "diverged": runs of `methods` diverged, and count as worse than any other.
#: - "seeds_added": against `methods` the test that stays valid while seeds are added does not
#:   reject yet; withholds "clear".
#: - "unequal_spreads": the standard deviation of the runs of `methods` differs from the leader's by
#:   a factor of two or more, and the lead is not large enough to be plain all the same (p > 0.001):
#:   if the spread is skewed, it may explain the lead; withholds "clear".
#: - "many_problems": the winner holds for this problem alone, not after correction for all problems
#:   of the study; withholds "clear".
#: - "few_problems": with fewer than six problems nothing can be said about others; withholds
#:   "clear".
#: - "other_problems": with the problems as the sample the lead over `methods` is not significant:
#:   it may not hold on others; withholds "clear".
#: - "not_compared": `methods` share no problem with the leader, or none trained equally long.
Code = Literal[
    "not_told_apart",
    "too_few_runs",
    "same_runs",
    "unequal_budgets",
    "unequal_epochs",
    "diverged",
    "seeds_added",
    "unequal_spreads",
    "many_problems",
    "few_problems",
    "other_problems",
    "not_compared",
]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a verdict says no more than it does.

    Attributes:
        code: Which of the reasons that `Code` lists.
        methods: The methods concerned, the better ones first.
        problems: The problems concerned, of a study's verdict.
    """

    code: Code
    methods: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method's result on one problem: what a matrix of methods and problems shows.

    Attributes:
        problem: The problem's name.
        method: The method's label.
        metric: What the problem is judged by: a column of the tidy frame.
        value: Mean final value of the runs that count; NaN if all diverged.
        low: Lower end of the 95 % interval of the mean; NaN with fewer than two finished runs.
        high: Upper end.
        rank: 1 for the best; methods whose runs diverged come after all others.
        best: Whether the method is not significantly different from the best, as bold print says:
            the methods so marked hold the best one in at least 95 % of studies.
        score: The value on a scale from 0 (no training) to 1 (the best method's mean); NaN where no
            method is better than before training.
        num_runs: How many runs count.
        num_diverged: How many of them diverged.
        num_left_out: How many runs of the setting do not count, because they chose it.
        same_runs: Whether the runs that count are those that chose the setting.
        budget: How many settings were tried.
        flags: What a mean would hide (`group_flags`).
    """

    problem: str
    method: str
    metric: str
    value: float
    low: float
    high: float
    rank: int
    best: bool
    score: float
    num_runs: int
    num_diverged: int
    num_left_out: int
    same_runs: bool
    budget: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The leader of a problem against one other method.

    Attributes:
        method: The leader.
        other: The other method.
        difference: How much better the leader's mean is, in the metric's unit: positive also where
            smaller values are better. NaN if one of them has no finished run.
        low: Lower end of the 95 % interval of the difference; NaN if there is none.
        high: Upper end.
        score: The difference on the scale from 0 (no training) to 1 (the best method's mean).
        probability: That a run of the leader does better than one of the other.
        p_value: Two-sided p-value of the difference (`permutation_test`).
        attainable: The smallest p-value that so many runs could have given.
        p_anytime: p-value that stays valid while seeds are added (`anytime_comparison`).
        paired: Whether runs are paired by seed.
        num_runs: Runs of the leader and of the other that were compared.
        more_runs: How many more runs of each would make the difference significant, with a
            probability of 80 % if it is what it seems; 0 if it is, `None` if more than 100.
    """

    method: str
    other: str
    difference: float
    low: float
    high: float
    score: float
    probability: float
    p_value: float
    attainable: float
    p_anytime: float
    paired: bool
    num_runs: tuple[int, int]
    more_runs: int | None


@dataclass(frozen=True, kw_only=True)
class ProblemVerdict:
    """What holds on one problem.

    A winner is wrongly named on a problem with probability 5 % at most, for each problem by
    itself. `p_study` is corrected for all problems of the study.

    Attributes:
        problem: The problem's name.
        metric: What it is judged by.
        log_scale: Whether scores are measured in logarithms, because the loss spans decades.
        kind: What is found.
        certainty: How sure a winner is.
        leader: The method that comes first; `None` if all runs of all methods diverged.
        winner: The leader if it differs significantly from every other, else `None`.
        best: The methods not significantly different from the best, the leader first: the winner
            alone if there is one.
        comparisons: The leader against every other method trained as long, the better ones first.
        p_value: The largest p-value of these comparisons: that of "the leader beats every other".
        p_study: The same after Holm's correction for the problems of the study.
        reasons: Why no more is said.
    """

    problem: str
    metric: str
    log_scale: bool
    kind: Kind
    certainty: Certainty
    leader: str | None
    winner: str | None
    best: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    p_value: float
    p_study: float
    reasons: tuple[Reason, ...]

    @property
    def margin(self) -> Comparison | None:
        """The comparison to quote: with the runner-up; `None` without another method."""
        return self.comparisons[0] if self.comparisons else None

    @property
    def more_runs(self) -> int | None:
        """How many more runs of each method would tell; 0 if they do, `None` if over 100."""
        return most_runs(comparison.more_runs for comparison in self.comparisons)


@dataclass(frozen=True, kw_only=True)
class OverallComparison:
    """The leader of a study against one other method, over the problems that both were run on.

    Attributes:
        method: The leader.
        other: The other method.
        problems: The problems that count: both methods were trained on them, equally long.
        probability: That a run of the leader does better than one of the other, averaged over these
            problems.
        low: Lower end of the probability's 95 % interval, Brunner and Munzel's; NaN if there is
            none.
        high: Upper end.
        score: How much better the leader's mean is on the scale from 0 (no training) to 1 (the best
            method's mean), averaged over the problems that have such a scale.
        p_value: Two-sided p-value about other seeds on these problems.
        attainable: The smallest p-value that so many runs could have given.
        p_problems: Two-sided p-value about other problems: the problems are the sample. NaN with
            fewer than six problems, which can never reach 5 %.
        p_anytime: p-value about these problems that stays valid while seeds are added.
        more_runs: How many more runs of each method on each problem would make the difference
            significant with a probability of 80 % if it is what it seems; 0 if it is significant,
            `None` if more than 100.
    """

    method: str
    other: str
    problems: tuple[str, ...]
    probability: float
    low: float
    high: float
    score: float
    p_value: float
    attainable: float
    p_problems: float
    p_anytime: float
    more_runs: int | None


@dataclass(frozen=True, kw_only=True)
class StudyVerdict:
    """What holds over all problems of a study, and on each.

    With one problem it is that problem's verdict. With several, the leader must do better than
    every other method on the average over problems. A winner is wrongly named with probability 5 %
    at most, over the whole study: what may vary are the seeds, the problems are those there are.
    Whether the same holds on other problems is asked apart (`OverallComparison.p_problems`).

    Attributes:
        kind: What is found.
        certainty: How sure a winner is.
        leader: The method that comes first.
        winner: The leader if it differs significantly from every other, else `None`.
        best: The methods not significantly different from the best, the leader first.
        ranking: All methods, the better ones first: the order of a matrix's rows.
        comparisons: The leader against every other method, the better ones first; empty with one
            problem, whose verdict has its own.
        p_value: The largest p-value of the comparisons.
        reasons: Why no more is said.
        verdicts: One verdict per problem, by the problem's name.
        cells: One cell per method and problem that has runs, in the order of `ranking`.
        disagreements: Problems on which the winner is not among the best, or on which a winner is
            named though there is none over the study. The reason is always the same: over the study
            the average over problems is judged, on a problem its own mean.
    """

    kind: Kind
    certainty: Certainty
    leader: str | None
    winner: str | None
    best: tuple[str, ...]
    ranking: tuple[str, ...]
    comparisons: tuple[OverallComparison, ...]
    p_value: float
    reasons: tuple[Reason, ...]
    verdicts: tuple[ProblemVerdict, ...]
    cells: tuple[Cell, ...]
    disagreements: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems' names."""
        return tuple(verdict.problem for verdict in self.verdicts)

    @property
    def more_runs(self) -> int | None:
        """How many more runs of each method would tell; 0 if they do, `None` if over 100."""
        if len(self.verdicts) == 1:
            return self.verdicts[0].more_runs
        return most_runs(comparison.more_runs for comparison in self.comparisons)
