"""The conclusions of a study as values: verdicts on the study and on each problem, and results.

A report expresses these values in words and draws no further conclusions.
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
    """A reservation about a verdict.

    Attributes:
        code: The kind of reservation; see `Code`.
        methods: The methods concerned, best first.
        problems: The problems concerned, for the verdict of a study.
    """

    code: Code
    methods: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The result of one method on one problem, as shown in the matrix.

    Attributes:
        problem: The problem's name.
        method: The method's label.
        metric: The metric of the problem: a column of the tidy frame.
        value: Mean final value of the runs that count; NaN if all diverged.
        low: Lower end of the 95 % interval of the mean; NaN with fewer than two finished runs.
        high: Upper end.
        rank: 1 for the best; methods whose runs diverged come after all others.
        best: Whether the method is not significantly different from the best (bold in reports). The
            marked methods include the best one in at least 95 % of studies.
        score: The value on a scale from 0 (no training) to 1 (the best method's mean); NaN if no
            method is better than before training.
        num_runs: Number of runs that count.
        num_diverged: Number of these runs that diverged.
        num_left_out: Number of runs that do not count, because they selected the setting.
        same_runs: Whether the runs that count also selected the setting.
        budget: Number of settings that were tried.
        flags: Warnings about the runs (`group_flags`).
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
    """The comparison of the leader on a problem with another method.

    Attributes:
        method: The leader.
        other: The other method.
        difference: How much better the leader's mean is, in the metric's unit: positive even if
            smaller values are better. NaN if one of them has no finished run.
        low: Lower end of the 95 % interval of the difference; NaN if there is none.
        high: Upper end.
        score: The difference on the scale from 0 (no training) to 1 (the best method's mean).
        probability: Probability that a run of the leader is better than a run of the other method.
        p_value: Two-sided p-value of the difference (`permutation_test`).
        attainable: The smallest p-value that is possible with this number of runs.
        p_anytime: p-value that stays valid while seeds are added (`anytime_comparison`).
        paired: Whether runs are paired by seed.
        num_runs: Runs of the leader and of the other that were compared.
        more_runs: Number of further runs of each method for a significant difference with a
            probability of 80 %; 0 if it is significant, `None` if more than 100.
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
    """The verdict on one problem.

    The probability that a winner is wrongly named is at most 5 % for each problem individually.
    `p_study` is corrected for all problems of the study.

    Attributes:
        problem: The problem's name.
        metric: The metric.
        log_scale: Whether scores are measured in logarithms, because the loss spans decades.
        kind: The finding.
        certainty: The certainty of the winner.
        leader: The method that comes first; `None` if all runs of all methods diverged.
        winner: The leader if it differs significantly from every other method, otherwise `None`.
        best: The methods that are not significantly different from the best, the leader first; only
            the winner if there is one.
        comparisons: Comparisons of the leader with every other method that was trained equally
            long, best first.
        p_value: The largest p-value of these comparisons, which is that of "the leader beats every
            other method".
        p_study: The same after Holm's correction for the problems of the study.
        reasons: Reservations about the verdict.
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
        """The comparison with the runner-up; `None` without another method."""
        return self.comparisons[0] if self.comparisons else None

    @property
    def more_runs(self) -> int | None:
        """Number of further runs of each method needed; 0 with a winner, `None` if over 100."""
        return most_runs(comparison.more_runs for comparison in self.comparisons)


@dataclass(frozen=True, kw_only=True)
class OverallComparison:
    """The comparison of the leader of a study with another method, over the problems of both.

    Attributes:
        method: The leader.
        other: The other method.
        problems: The problems that count: both methods were trained on them, equally long.
        probability: Probability that a run of the leader is better than a run of the other method,
            averaged over these problems.
        low: Lower end of the probability's 95 % interval, Brunner and Munzel's; NaN if there is
            none.
        high: Upper end.
        score: How much better the leader's mean is on the scale from 0 (no training) to 1 (the best
            method's mean), averaged over the problems that have such a scale.
        p_value: Two-sided p-value about other seeds on these problems.
        attainable: The smallest p-value that is possible with this number of runs.
        p_problems: Two-sided p-value about other problems: the problems are the sample. NaN with
            fewer than six problems, which can never reach 5 %.
        p_anytime: p-value about these problems that stays valid while seeds are added.
        more_runs: Number of further runs of each method on each problem for a significant
            difference with a probability of 80 %; 0 if it is significant, `None` if more than 100.
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
    """The verdict over all problems of a study, and on each problem.

    With one problem, this is the verdict on that problem. With several, a winner must be better
    than every other method on average over the problems. The probability that a winner is wrongly
    named is at most 5 % for the whole study, with respect to other seeds on the same problems.
    `OverallComparison.p_problems` tests separately whether the result holds on other problems.

    Attributes:
        kind: The finding.
        certainty: The certainty of the winner.
        leader: The method that comes first.
        winner: The leader if it differs significantly from every other method, otherwise `None`.
        best: The methods that are not significantly different from the best, the leader first.
        ranking: All methods, best first, which is the order of the rows of the matrix.
        comparisons: Comparisons of the leader with every other method, best first; empty with one
            problem, whose verdict has its own.
        p_value: The largest p-value of the comparisons.
        reasons: Reservations about the verdict.
        verdicts: One verdict per problem, by the problem's name.
        cells: One cell per method and problem that has runs, in the order of `ranking`.
        disagreements: Problems on which the winner is not among the best, or on which a winner is
            named although there is none over the study, whose verdict is about the average.
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
        """Number of further runs of each method needed; 0 with a winner, `None` if over 100."""
        if len(self.verdicts) == 1:
            return self.verdicts[0].more_runs
        return most_runs(comparison.more_runs for comparison in self.comparisons)
